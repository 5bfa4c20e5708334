/**
 * A gateway with few file descriptors: webhooks keep a reserve, regardless of how the rest is used (H5, W14).
 */
import assert from 'node:assert/strict';
import {readdirSync} from 'node:fs';
import {connect, type Socket} from 'node:net';
import {test} from 'node:test';
import {connectionLimits, OWN_FILES} from '../../src/transport/connection-limits.ts';
import {postCallback} from '../support/gateway/process-callback.ts';
import {type GatewayProcess, openBench, type ProcessBench} from '../support/gateway/process-gateway.ts';
import type {Json} from '../support/json.ts';
import {until} from '../support/until.ts';
import {RawWebSocket, upgradeRequest} from '../support/websocket/raw-websocket.ts';

const KEY = 'process-access-key-0123456789';
const OPEN_FILES = 256;

/** Posts a signed callback on a new connection, as Twilio may, and returns the status. */
async function callback(bench: ProcessBench, number: number): Promise<number> {
  const signal = AbortSignal.timeout(5000);
  return (await postCallback(bench, number, {headers: {connection: 'close'}, signal})).status;
}

function session(url: string): RawWebSocket {
  const client = new RawWebSocket(url);
  client.write(upgradeRequest('/ws', {Authorization: `Bearer ${KEY}`}));
  return client;
}

/** Sockets that send this text and then nothing. */
function hold(port: number, count: number, data: string): Socket[] {
  return Array.from({length: count}, () => {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => {}).on('connect', () => socket.write(data));
    return socket;
  });
}

function openFilesOf({child}: GatewayProcess): number {
  return readdirSync(`/proc/${child.pid}/fd`).length;
}

test('sessions get what the reserve leaves, and never more than configured', () => {
  const limits = (openFiles: number, maxSessions = 10_000) => connectionLimits({openFiles, maxSessions});
  assert.deepEqual(limits(20_000), {maxConnections: 20_000 - OWN_FILES, maxSessions: 10_000});
  assert.deepEqual(limits(Number.POSITIVE_INFINITY), {
    maxConnections: Number.POSITIVE_INFINITY,
    maxSessions: 10_000,
  });
  assert.deepEqual(limits(1024), {maxConnections: 944, maxSessions: 944 - 118});
  assert.deepEqual(limits(256, 5), {maxConnections: 176, maxSessions: 5});
  for (const few of [0, 40, OWN_FILES, OWN_FILES + 20])
    assert.deepEqual(limits(few), {maxConnections: 32, maxSessions: 16});
});

const hostile: Readonly<Record<string, string>> = {
  'nothing at all': '',
  'half a header': 'POST /twilio/status HTTP/1.1\r\nHost: x\r\nX-Half',
  'half an upgrade': upgradeRequest().slice(0, -2),
  'an unfinished body':
    'POST /twilio/status HTTP/1.1\r\nHost: x\r\nX-Twilio-Signature: x\r\nContent-Length: 16000\r\n' +
    'Content-Type: application/x-www-form-urlencoded\r\n\r\nCallSid=',
  'a request, and then nothing more': 'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n',
};

test('[H5] with 256 files: excess sessions get 503, idle sockets are closed, and every webhook succeeds', {
  skip: process.platform !== 'linux' && 'needs /proc',
}, async () => {
  await using bench = await openBench();
  const started = bench.start({}, {openFiles: OPEN_FILES});
  await started.listening();
  assert.ok(openFilesOf(started) < OWN_FILES, `${openFilesOf(started)} are open without any client`);
  const {maxSessions} = connectionLimits({openFiles: OPEN_FILES, maxSessions: 10_000});
  assert.ok(
    started.lines.some(({msg, maxSessions: told}) => /fewer sessions/.test(msg) && told === maxSessions),
  );
  let number = 0;
  const callbacksPass = async (what: string) => {
    for (let time = 0; time < 3; time += 1) {
      number += 1;
      assert.equal(await callback(bench, number), 204, what);
    }
    assert.ok(openFilesOf(started) < OPEN_FILES, what);
  };
  const sessions = Array.from({length: maxSessions}, () => session(bench.url));
  for (const each of sessions) assert.equal(await each.answered(), 101);
  await callbacksPass('all sessions in use');
  for (let more = 0; more < 100; more += 1) {
    const beyond = session(bench.url);
    assert.equal(await beyond.answered(), 503);
    assert.match(beyond.head, /Retry-After: \d+/);
  }
  await callbacksPass('more sessions requested');
  const held: Socket[] = [];
  for (const [what, data] of Object.entries(hostile)) {
    held.push(...hold(bench.port, 300, data));
    await callbacksPass(what);
  }
  assert.ok(
    sessions.every(({ended}) => !ended),
    'no session was closed for them',
  );
  for (const socket of held) socket.destroy();
  for (const each of sessions) each.vanish();
  const ask = async (path: string): Promise<Json> => (await bench.api(path)).json();
  await until(async () => (await ask('/api/sessions')).total === 0);
  const {calls} = await ask('/api/calls?limit=200');
  assert.equal(calls.length, number, 'each of them is in the journal');
  assert.ok(!started.stdout.includes('"level":"error"'), 'nothing went wrong');
  assert.ok(started.lines.some(({msg}) => /too many connections/.test(msg)));
});
