/**
 * One of two gateways with a shared journal drains behind a balancer (W15).
 *
 * SDK sessions and plain clients that ignore `session.draining` are then served by the other gateway, and
 * have received every entry once.
 */
import assert from 'node:assert/strict';
import {mkdtemp, rm} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import {test} from 'node:test';
import {createClient} from '@hookswitch/client';
import twilio from 'twilio';
import type {JournalOpening} from '../../../src/journal/followable-journal.ts';
import type {Journal} from '../../../src/journal/journal.ts';
import {openJournal} from '../../../src/journal/open-journal.ts';
import {LEAD_MS} from '../../../src/services/sessions/session-drain.ts';
import {Balancer} from '../../support/gateway/balancer.ts';
import {freePort} from '../../support/gateway/free-port.ts';
import {ACCESS_KEY, startGateway, type TestGateway} from '../../support/gateway/gateway.ts';
import {ManualClock} from '../../support/manual-clock.ts';
import {someCallSid, statusFields} from '../../support/twilio/signed-webhook.ts';
import {until} from '../../support/until.ts';
import {TestClient} from '../../support/websocket/client.ts';

const CLIENTS = 100;

interface Stage extends AsyncDisposable {
  readonly clock: ManualClock;
  readonly balancer: Balancer;
  readonly first: TestGateway;
  readonly second: TestGateway;
}

/** Two gateways with one journal, which neither of them opens or closes. */
async function startPair(): Promise<Stage> {
  const clock = new ManualClock();
  const folder = await mkdtemp(path.join(os.tmpdir(), 'hookswitch-pair-'));
  const journal = openJournal(`file:${path.join(folder, 'hookswitch.db')}`, {clock});
  const opening = await journal.open();
  const ports = [await freePort(), await freePort()];
  const balancer = await Balancer.start(ports, () => clock.monotonic());
  const start = (port = 0) =>
    startGateway({
      clock,
      journal: open(journal, opening),
      env: {PORT: String(port), PUBLIC_URL: balancer.url},
    });
  const first = await start(ports[0]);
  const second = await start(ports[1]);
  await until(() => balancer.target === ports[0]);
  return {
    clock,
    balancer,
    first,
    second,
    [Symbol.asyncDispose]: async () => {
      await balancer[Symbol.asyncDispose]();
      await first[Symbol.asyncDispose]();
      await second[Symbol.asyncDispose]();
      await journal.close();
      await rm(folder, {recursive: true, force: true});
    },
  };
}

/** The journal as each gateway gets it: already open, and not closed by the gateway. */
function open(journal: Journal, opening: JournalOpening): Journal {
  return new Proxy(journal, {
    get: (target, name) => {
      if (name === 'open') return async () => opening;
      if (name === 'close') return async () => {};
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

/** Sends a webhook through the balancer on a new connection, as a new Twilio instance would. */
async function report({balancer, first}: Stage, number: number): Promise<void> {
  const fields = statusFields(first, {CallSid: someCallSid(number), CallStatus: 'ringing'});
  const url = `${balancer.url}/twilio/status`;
  const {authToken} = first.environment.twilio;
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      'x-twilio-signature': twilio.getExpectedTwilioSignature(authToken, url, fields),
      connection: 'close',
    },
    body: new URLSearchParams(fields),
  });
  assert.equal(response.status, 204, 'every webhook is accepted by one of them');
}

function connectClient({balancer, clock}: Stage) {
  const client = createClient({url: balancer.url, token: ACCESS_KEY, clock, connect: 'now'});
  const offsets: number[] = [];
  let sessions = 0;
  client.on('status', ({offset}) => offsets.push(offset));
  client.on('connection', ({phase}) => {
    if (phase === 'live') sessions += 1;
  });
  return {client, offsets, sessions: () => sessions};
}

test('[W15] [W12] the sessions of a draining node move one after the other, and miss nothing', async () => {
  await using stage = await startPair();
  const {clock, balancer, first, second} = stage;
  const clients = Array.from({length: CLIENTS}, () => connectClient(stage));
  const isLive = ({client}: (typeof clients)[number]) => client.connection.getSnapshot().phase === 'live';
  await until(() => clients.every(isLive), {what: 'all clients to be live', timeoutMs: 30_000});
  const old = new TestClient(`${balancer.url.replace('http', 'ws')}/ws`, {token: ACCESS_KEY});
  await old.ready();
  let reported = 0;
  const reportNext = () => {
    reported += 1;
    return report(stage, reported);
  };
  await reportNext();
  let isDrained = false;
  const drained = first.server.drain({handOver: true}).then(() => {
    isDrained = true;
  });
  const {afterMs} = await old.receive('session.draining');
  assert.ok(afterMs >= LEAD_MS - 100, `${afterMs}`);
  await until(() => balancer.target === second.environment.port, {what: 'the balancer to have noticed'});
  // Appends entries before, during and after the move.
  while (!isDrained) {
    await reportNext();
    clock.advance(LEAD_MS / 10);
  }
  await drained;
  assert.equal(await old.closed(), 1001);
  await until(
    async () => {
      clock.advance(50);
      return clients.every(isLive);
    },
    {what: 'all clients to be live again', timeoutMs: 30_000},
  );
  await reportNext();
  await until(() => clients.every(({offsets}) => offsets.length === reported), {
    what: 'all clients to have every entry',
    timeoutMs: 30_000,
  });
  const all = Array.from({length: reported}, (_, index) => index + 1);
  for (const {offsets, sessions} of clients) {
    assert.deepEqual(offsets, all);
    assert.equal(sessions(), 2, 'one session before, one after');
  }
  await Promise.all(clients.map(({client}) => client.dispose()));
});
