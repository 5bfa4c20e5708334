/**
 * Checks for leaks: 20,000 sessions open and close in every possible way over real sockets. Afterwards heap, objects,
 * timers, sockets and listeners are back at their initial values.
 */
import assert from 'node:assert/strict';
import {connect, Socket} from 'node:net';
import {test} from 'node:test';
import v8 from 'node:v8';
import vm from 'node:vm';
import {WebSocket} from 'ws';
import {Session} from '../../src/services/sessions/session.ts';
import {WsSocket} from '../../src/transport/ws-socket.ts';
import {ACCESS_KEY, startGateway, type TestGateway} from '../support/gateway/gateway.ts';
import {postWebhook, someCallSid, statusFields} from '../support/twilio/signed-webhook.ts';
import {until} from '../support/until.ts';
import {encodeClose, encodeFrame, upgradeRequest} from '../support/websocket/raw-websocket.ts';

const SESSIONS = 20_000;
const WAVE = 250;

/**
 * Allowed heap growth for compiled code and caches, some hundred KB. A leaked session is more than 1 KB without its
 * socket (about 6 KB with it), so 20,000 would be 20 MB. Even a leaked map entry of 100 bytes per session exceeds this.
 */
const HEAP_TOLERANCE = 2_000_000;

/** How a connection opens and closes. `after` is written once `session.ready` has arrived. */
interface Visit {
  readonly token?: string;
  readonly query?: string;
  /** Bytes of the handshake that are sent before the client disconnects. */
  readonly abandonAt?: number;
  readonly after?: () => Buffer;
  /** How the client disconnects: not at all if `after` makes the server close, or by FIN or RST. */
  readonly leave?: 'fin' | 'rst';
}

const visits: readonly ((epoch: string, index: number) => Visit)[] = [
  () => ({after: () => encodeClose(1000)}),
  () => ({leave: 'fin'}),
  () => ({leave: 'rst'}),
  () => ({token: 'wrong', after: () => encodeClose(4401)}),
  (_epoch, index) => ({abandonAt: index % 200, leave: index % 2 === 0 ? 'fin' : 'rst'}),
  // Disconnects before the response to the handshake can arrive.
  () => ({abandonAt: Number.POSITIVE_INFINITY, leave: 'rst'}),
  (epoch, index) => ({query: `?epoch=${epoch}&offset=${index % 80}`, leave: 'rst'}),
  (epoch) => ({query: `?epoch=${epoch}&offset=0`, after: () => encodeClose(1000)}),
  () => ({
    after: () => encodeFrame('{"type":"call.subscribe","calls":[],"requestId":"s"}'),
    leave: 'fin',
  }),
  () => ({after: () => Buffer.concat([encodeFrame('not JSON'), encodeClose(4400)])}),
  () => ({after: () => Buffer.concat([encodeFrame('', {rsv: 7}), encodeClose(1002)])}),
];

function pay(port: number, {token = ACCESS_KEY, query = '', abandonAt, after, leave}: Visit): Promise<void> {
  const {promise, resolve} = Promise.withResolvers<void>();
  const socket = connect({port, host: '127.0.0.1'});
  const request = upgradeRequest(`/ws${query}`, {Authorization: `Bearer ${token}`});
  let begun = false;
  const go = () => {
    if (leave === 'fin') socket.destroy();
    else if (leave === 'rst') socket.resetAndDestroy();
  };
  socket.on('connect', () => {
    if (abandonAt === undefined) socket.write(request);
    else socket.write(request.slice(0, abandonAt) || 'G', go);
  });
  socket.on('data', (chunk) => {
    if (begun || abandonAt !== undefined) return;
    begun = chunk.includes('session.ready') || chunk.includes('token');
    if (!begun) return;
    if (after === undefined) go();
    else socket.write(after(), go);
  });
  socket.on('error', () => {});
  socket.on('close', () => resolve());
  return promise;
}

async function wave(gateway: TestGateway, epoch: string, first: number): Promise<void> {
  const {port} = gateway.environment;
  const callSid = someCallSid(1_000_000 + first);
  const all = Array.from({length: WAVE}, (_, index) => {
    const visit = visits[index % visits.length];
    return visit === undefined ? undefined : pay(port, visit(epoch, first + index));
  });
  // A webhook arrives while sessions open and close.
  const fields = statusFields(gateway, {CallSid: callSid, CallStatus: 'completed'});
  await Promise.all([...all, postWebhook(gateway, fields)]);
}

v8.setFlagsFromString('--expose-gc');
const collectGarbage = vm.runInNewContext('gc') as () => void;

function heapUsed(): number {
  collectGarbage();
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

/** Number of live objects of a class after a garbage collection. */
function count(ofClass: new (...args: never[]) => object): number {
  return Number(v8.queryObjects(ofClass, {format: 'count'}));
}

function alive() {
  return {sessions: count(Session), ports: count(WsSocket), webSockets: count(WebSocket)};
}

/** Waits, because a sweep over the sessions holds references until its next turn. */
async function allGone(): Promise<void> {
  await until(() => alive().sessions === 0, {what: 'the sessions to be freed'});
}

function resources(kind: string): number {
  return process.getActiveResourcesInfo().filter((resource) => resource === kind).length;
}

function processListeners(): number {
  return process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0);
}

async function metric(gateway: TestGateway, name: string): Promise<number> {
  const text = await (await fetch(`${gateway.url}/metrics`)).text();
  return [...text.matchAll(new RegExp(`^${name}(?:\\{.*\\})? (\\d+)$`, 'gm'))].reduce(
    (sum, [, value]) => sum + Number(value),
    0,
  );
}

async function empty(gateway: TestGateway): Promise<void> {
  await until(async () => (await metric(gateway, 'hookswitch_sessions_open')) === 0, {
    what: 'all sessions to close',
    timeoutMs: 30_000,
  });
}

test('20,000 sessions open and close without a leak', async () => {
  await using gateway = await startGateway({env: {LOG_LEVEL: 'error'}});
  for (let call = 0; call < 80; call += 1) {
    const fields = statusFields(gateway, {CallSid: someCallSid(call), CallStatus: 'completed'});
    await postWebhook(gateway, fields);
  }
  // After a restart the feed is empty, so a resume reads the journal.
  await gateway.restart();
  const probe = await gateway.session();
  const {epoch} = await probe.ready();
  await probe.close();
  // The first thousand sessions fill pools and caches and trigger compilation.
  for (let first = 0; first < 1000; first += WAVE) await wave(gateway, epoch, first);
  await empty(gateway);
  await allGone();
  const before = {
    heap: heapUsed(),
    alive: alive(),
    timeouts: resources('Timeout'),
    sockets: count(Socket),
    listeners: processListeners(),
  };
  let opened = 0;
  // Some connections are refused, so this takes more connections than sessions.
  for (let first = 1000; opened < SESSIONS; first += WAVE) {
    await wave(gateway, epoch, first);
    opened = await metric(gateway, 'hookswitch_sessions_opened_total');
  }
  await empty(gateway);
  opened = await metric(gateway, 'hookswitch_sessions_opened_total');
  assert.equal(await metric(gateway, 'hookswitch_sessions_closed_total'), opened);
  assert.equal((await gateway.api('/api/sessions')).body.sessions.length, 0);
  await until(() => resources('Timeout') <= before.timeouts, {what: 'the timers to end'});
  await until(() => count(Socket) <= before.sockets + 2, {
    what: 'the sockets to be freed',
  });
  await allGone();
  assert.deepEqual(alive(), before.alive);
  assert.equal(processListeners(), before.listeners);
  const grown = heapUsed() - before.heap;
  assert.ok(grown < HEAP_TOLERANCE, `the heap grew by ${grown} bytes`);
});
