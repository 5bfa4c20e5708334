/**
 * Many malicious clients beside many others, against a gateway in its own process.
 *
 * The attacks are: readers that stop or read a byte a second, floods of unsigned requests, reconnect storms,
 * full replays in a loop, and unfinished requests. LONG=1 uses the numbers of SECURITY.md and checks times
 * too. Without it nothing depends on a time.
 */
import assert from 'node:assert/strict';
import {spawn} from 'node:child_process';
import {readFileSync} from 'node:fs';
import {mkdir} from 'node:fs/promises';
import {connect, type Socket} from 'node:net';
import path from 'node:path';
import {type TestContext, test} from 'node:test';
import {openJournal} from '../../src/journal/open-journal.ts';
import {postCallback} from '../support/gateway/process-callback.ts';
import {type GatewayProcess, openBench, type ProcessBench} from '../support/gateway/process-gateway.ts';
import type {Json} from '../support/json.ts';
import {someCallSid} from '../support/twilio/signed-webhook.ts';
import {until} from '../support/until.ts';
import {RawWebSocket, upgradeRequest} from '../support/websocket/raw-websocket.ts';

const LONG = process.env['LONG'] === '1';
const KEY = 'process-access-key-0123456789';
/**
 * The allowed growth of the process in MB if every slow reader wants the whole journal.
 *
 * Slow readers share the waiting pages, and uncollected garbage does not grow with their number. LONG=1
 * allows 300 MB for a thousand, of which 52 MB were measured.
 */
const BASE_MB = 100;
const EACH_SLOW_MB = 0.2;

const linux = {skip: process.platform !== 'linux' && 'needs /proc'};

/** A long address that makes an entry large. */
const HEAVY = `sip:${'x'.repeat(240)}@pbx`;

interface Callback {
  readonly number: number;
}

/** The time in ms until a signed callback is answered with 204. */
async function callback(bench: ProcessBench, {number}: Callback): Promise<number> {
  const startedAt = performance.now();
  assert.equal((await postCallback(bench, number)).status, 204);
  return performance.now() - startedAt;
}

async function callbacks(bench: ProcessBench, first: number, count: number): Promise<void> {
  for (let done = 0; done < count; done += 50) {
    const group = Array.from({length: Math.min(50, count - done)}, (_, index) => first + done + index);
    await Promise.all(group.map((number) => callback(bench, {number})));
  }
}

/** Writes this many ended calls with long addresses before the gateway starts. */
async function fill(bench: ProcessBench, entries: number): Promise<void> {
  const folder = path.join(bench.folder, 'data');
  await mkdir(folder, {mode: 0o700});
  const journal = openJournal(`file:${path.join(folder, 'hookswitch.db')}`);
  await journal.open();
  const now = Date.now();
  const append = (number: number) =>
    journal.append({
      kind: 'status',
      callSid: someCallSid(900_000 + number),
      dedupeKey: `fill:${number}`,
      source: 'callback',
      providerStatus: 'completed',
      happenedAt: now,
      receivedAt: now,
      direction: 'outbound-api',
      from: '+15005550006',
      to: HEAVY,
    });
  await Promise.all(Array.from({length: entries}, (_, number) => append(number)));
  await journal.close();
}

function p99(times: readonly number[]): number {
  return times.toSorted((a, b) => a - b)[Math.floor(times.length * 0.99)] ?? Number.NaN;
}

function residentBytes({child}: GatewayProcess): number {
  const [, kilobytes] = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8')) ?? [];
  return Number(kilobytes) * 1024;
}

async function ask(bench: ProcessBench, path: string): Promise<Json> {
  return (await bench.api(path)).json();
}

/** A session of which only the arrival times matter. */
class Listener {
  readonly socket: Socket;
  #tail = '';

  constructor({port}: ProcessBench, query = '') {
    this.socket = connect(port, '127.0.0.1');
    this.socket.setEncoding('latin1').on('error', () => {});
    this.socket.on('data', (text) => {
      this.#tail = (this.#tail + String(text)).slice(-4000);
    });
    this.socket.write(upgradeRequest(`/ws${query}`, {Authorization: `Bearer ${KEY}`}));
  }

  hasReceived(text: string): boolean {
    return this.#tail.includes(text);
  }
}

async function listeners(bench: ProcessBench, count: number, query?: string): Promise<Listener[]> {
  const all: Listener[] = [];
  for (let index = 0; index < count; index += 1) {
    all.push(new Listener(bench, query));
    if (index % 100 === 99)
      await until(() => all.every((each) => each.hasReceived('session.ready')), {timeoutMs: 60_000});
  }
  await until(() => all.every((each) => each.hasReceived('session.ready')), {timeoutMs: 60_000});
  return all;
}

/** The times until all listeners have received a callback, for several callbacks. */
async function fanOutTimes(bench: ProcessBench, healthy: readonly Listener[], first: number, rounds: number) {
  const times: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const startedAt = performance.now();
    await callback(bench, {number: first + round});
    const sid = someCallSid(first + round);
    await until(() => healthy.every((each) => each.hasReceived(sid)), {
      what: 'all listeners to receive it',
      timeoutMs: 60_000,
    });
    times.push(performance.now() - startedAt);
  }
  return times;
}

test(
  '[W13] readers that stop or read a byte a second take bounded memory, and healthy sessions do not wait for them',
  linux,
  async (t) => {
    const each = Number(process.env['EACH'] ?? (LONG ? 500 : 20));
    const rounds = LONG ? 100 : 5;
    await using bench = await openBench();
    // 8 MB for each, which is more than the kernel buffers for a client that does not read.
    await fill(bench, 12_000);
    const started = await bench.start({LOG_LEVEL: 'info', SESSION_TIMEOUT_MS: '3600000'}).listening();
    const healthy = await listeners(bench, 2 * each);
    await fanOutTimes(bench, healthy, 1, rounds);
    const alone = p99(await fanOutTimes(bench, healthy, 1000, rounds));
    const before = residentBytes(started);
    const {epoch} = JSON.parse((await RawWebSocket.open(bench.url, KEY)).frames[0]?.payload.toString() ?? '');
    const stopped: Socket[] = [];
    for (let index = 0; index < 2 * each; index += 1) {
      const socket = connect(bench.port, '127.0.0.1').on('error', () => {});
      socket.pause().write(upgradeRequest(`/ws?epoch=${epoch}&offset=0`, {Authorization: `Bearer ${KEY}`}));
      stopped.push(socket);
    }
    const trickle = setInterval(() => {
      for (const socket of stopped.slice(each)) socket.read(1);
    }, 1000);
    let most = 0;
    await until(async () => (await ask(bench, '/api/sessions?limit=1')).total >= 4 * each, {
      timeoutMs: 60_000,
    });
    const counts = await until(
      async () => {
        most = Math.max(most, residentBytes(started));
        const {counts: now} = await ask(bench, '/api/sessions?limit=1');
        return now.byPhase.blocked >= 2 * each && now;
      },
      {what: 'all of them to be blocked', timeoutMs: 240_000},
    );
    const beside = p99(await fanOutTimes(bench, healthy, 50_000, rounds));
    most = Math.max(most, residentBytes(started));
    clearInterval(trickle);
    for (const socket of stopped) socket.destroy();
    const grown = (most - before) / 1e6;
    t.diagnostic(
      `${2 * each} slow beside ${2 * each} healthy: RSS + ${grown.toFixed(0)} MB, ${JSON.stringify(counts.byPhase)}`,
    );
    t.diagnostic(
      `healthy p99 ${beside.toFixed(1)} ms, alone ${alone.toFixed(1)} ms: ${(beside / alone).toFixed(2)}`,
    );
    assert.ok(grown <= BASE_MB + 2 * each * EACH_SLOW_MB, `${grown} MB more`);
    for (const listener of healthy) listener.socket.destroy();
  },
);

/** Sends this many unsigned requests a second from its own process, until it is ended. */
const FLOOD = `
const {connect} = require('node:net');
const [port, perSecond] = process.argv.slice(1).map(Number);
const body = 'CallSid=CA1&CallStatus=completed';
const head = 'POST /twilio/status HTTP/1.1\\r\\nHost: x\\r\\nContent-Type: application/x-www-form-urlencoded\\r\\nContent-Length: ' + body.length + '\\r\\n';
const kinds = [head + '\\r\\n' + body, head + 'X-Twilio-Signature: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\\r\\n\\r\\n' + body];
let answered = 0, sent = 0;
const startedAt = performance.now();
const free = [];
const begin = () => {
  const socket = connect(port, '127.0.0.1', () => free.push(socket));
  socket.on('error', () => {});
  socket.on('close', () => setTimeout(begin, 10));
  socket.on('data', () => { answered += 1; free.push(socket); });
};
for (let count = 0; count < 400; count += 1) begin();
setInterval(() => {
  const due = ((performance.now() - startedAt) * perSecond) / 1000;
  for (; sent < due && free.length > 0; sent += 1) free.pop().write(kinds[sent % 2]);
}, 2);
process.on('SIGTERM', () => { process.stdout.write(JSON.stringify({sent, answered, seconds: (performance.now() - startedAt) / 1000})); process.exit(); });
`;

test('[H5] during a flood of unsigned requests signed ones are answered', async (t) => {
  const perSecond = LONG ? 5000 : 1000;
  const signed = LONG ? 500 : 50;
  await using bench = await openBench();
  await bench.start({LOG_LEVEL: 'info'}).listening();
  const flood = spawn(process.execPath, ['-e', FLOOD, String(bench.port), String(perSecond)]);
  let report = '';
  flood.stdout.on('data', (chunk) => {
    report += String(chunk);
  });
  const ended = new Promise<void>((resolve) => flood.once('close', () => resolve()));
  try {
    await until(async () => (await ask(bench, '/api/webhooks?limit=1')).counts.refused > perSecond, {
      timeoutMs: 30_000,
    });
    const times: number[] = [];
    for (let number = 1; number <= signed; number += 1) times.push(await callback(bench, {number}));
    const {counts} = await ask(bench, '/api/webhooks?limit=1');
    assert.equal(counts.accepted, signed);
    assert.equal((await ask(bench, '/api/calls?limit=200')).calls.length, Math.min(200, signed));
    flood.kill('SIGTERM');
    await ended;
    t.diagnostic(`p99 of ${signed} signed: ${p99(times).toFixed(0)} ms, beside ${report}`);
    if (LONG) assert.ok(p99(times) < 1000, `${p99(times)} ms`);
  } finally {
    flood.kill('SIGKILL');
  }
});

/** Runs connections one after the other until `isOver`. */
async function again(count: number, isOver: () => boolean, visit: () => Promise<void>): Promise<number> {
  let visits = 0;
  const work = async () => {
    while (!isOver()) {
      await visit();
      visits += 1;
    }
  };
  await Promise.all(Array.from({length: count}, work));
  return visits;
}

async function storm(
  t: TestContext,
  what: string,
  query: (epoch: string) => string,
  enough: string,
): Promise<void> {
  const rounds = LONG ? 200 : 10;
  const entries = LONG ? 20_000 : 1000;
  await using bench = await openBench();
  await bench.start().listening();
  await callbacks(bench, 1, entries);
  const healthy = await listeners(bench, 20);
  const opened = await RawWebSocket.open(bench.url, KEY);
  const {epoch} = JSON.parse(opened.frames[0]?.payload.toString() ?? '');
  opened.vanish();
  let over = false;
  const visits = again(
    20,
    () => over,
    async () => {
      const client = new Listener(bench, query(epoch));
      await until(() => client.hasReceived(enough) || client.socket.destroyed, {timeoutMs: 60_000});
      client.socket.destroy();
    },
  );
  const times = await fanOutTimes(bench, healthy, 1_000_000, rounds);
  over = true;
  t.diagnostic(`${what}: ${await visits} beside 20 healthy, whose p99 was ${p99(times).toFixed(0)} ms`);
  if (LONG) assert.ok(p99(times) < 1000, `${p99(times)} ms`);
  for (const listener of healthy) listener.socket.destroy();
  await until(async () => (await ask(bench, '/api/sessions?limit=1')).total === 0, {timeoutMs: 20_000});
}

test('[W11] full replays in a loop delay no other session, because they read page by page and live entries need no read', async (t) => {
  await storm(t, 'full replays', (epoch) => `?epoch=${epoch}&offset=0`, 'session.heartbeat');
});

test('[W11] a reconnect storm delays no other session', async (t) => {
  await storm(t, 'reconnects', () => '', 'session.ready');
});

const slow: Readonly<Record<string, readonly [begin: string, drip: string]>> = {
  headers: ['GET /healthz HTTP/1.1\r\nHost: x\r\n', 'X-Slow: y\r\n'],
  'a body': [
    'POST /twilio/status HTTP/1.1\r\nHost: x\r\nX-Twilio-Signature: x\r\nContent-Length: 16000\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\n',
    'a',
  ],
  'a chunked body': [
    'POST /api/calls HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n',
    '1\r\na\r\n',
  ],
  'half an upgrade': [upgradeRequest().slice(0, -2), 'X: y\r\n'],
  nothing: ['', ''],
};

test('[W14] slow headers, bodies and upgrades, and silent sockets, are cut off, and others are served meanwhile', async () => {
  const each = LONG ? 200 : 20;
  await using bench = await openBench();
  await bench.start().listening();
  const sockets = Object.values(slow).flatMap(([begin, drip]) =>
    Array.from({length: each}, () => {
      const socket = connect(bench.port, '127.0.0.1').on('error', () => {});
      socket.resume().write(begin);
      return {socket, drip};
    }),
  );
  const byteTimer = setInterval(() => {
    for (const {socket, drip} of sockets) if (drip !== '' && !socket.destroyed) socket.write(drip);
  }, 500);
  let number = 0;
  try {
    await until(
      async () => {
        number += 1;
        await callback(bench, {number});
        return sockets.every(({socket}) => socket.destroyed);
      },
      {what: 'all to be cut off', timeoutMs: 40_000},
    );
  } finally {
    clearInterval(byteTimer);
  }
});
