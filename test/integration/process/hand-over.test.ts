/**
 * Two processes on one Postgres behind a balancer, as docs/guides/deploy.md has them: one is stopped in the middle of what goes on,
 * and its sessions go on at the other, spread over time, without a gap and without a repetition.
 */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {createClient} from '@hookswitch/client';
import twilio from 'twilio';
import {LEAD_MS, SESSIONS_PER_SECOND} from '../../../src/services/sessions/session-drain.ts';
import {Balancer} from '../../support/gateway/balancer.ts';
import {freePort} from '../../support/gateway/free-port.ts';
import {openBench, type ProcessBench} from '../../support/gateway/process-gateway.ts';
import {databaseOf} from '../../support/postgres/postgres.ts';
import {someCallSid} from '../../support/twilio/signed-webhook.ts';
import {until} from '../../support/until.ts';
import {TestClient} from '../../support/websocket/client.ts';

const KEY = 'process-access-key-0123456789';
const CLIENTS = 150;
const REPORT_EVERY_MS = 200;

/** A webhook through the balancer, on a connection of its own; resolves with its status. */
async function report({simulator}: ProcessBench, publicUrl: string, number: number): Promise<number> {
  const fields = {
    AccountSid: simulator.accountSid,
    CallSid: someCallSid(number),
    CallStatus: 'ringing',
    Direction: 'inbound',
  };
  const url = `${publicUrl}/twilio/status`;
  const {status} = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      'x-twilio-signature': twilio.getExpectedTwilioSignature(simulator.authToken, url, fields),
      connection: 'close',
    },
    body: new URLSearchParams(fields),
  });
  return status;
}

function watcher(url: string) {
  const client = createClient({url, token: KEY, connect: 'now'});
  const offsets: number[] = [];
  client.on('status', ({offset}) => offsets.push(offset));
  return {client, offsets, isLive: () => client.connection.getSnapshot().phase === 'live'};
}

test('[W15] [W11] [W12] SIGTERM: hundreds of sessions move to the other node, spread, and miss nothing', async (t) => {
  await using bench = await openBench();
  const DATABASE_URL = await databaseOf(t);
  const ports = [await freePort(), await freePort()];
  await using balancer = await Balancer.start(ports);
  const start = (port = 0) =>
    bench.start({PORT: String(port), PUBLIC_URL: balancer.url, DATABASE_URL, NODE_ID: `node-${port}`});
  const first = await start(ports[0]).listening();
  await start(ports[1]).listening();
  await until(() => balancer.target === ports[0], {what: 'the balancer to have found them'});
  const watchers = Array.from({length: CLIENTS}, () => watcher(balancer.url));
  t.after(() => Promise.all(watchers.map(({client}) => client.dispose())));
  const old = new TestClient(`${balancer.url.replace('http', 'ws')}/ws`, {token: KEY});
  await old.ready();
  await until(() => watchers.every(({isLive}) => isLive()), {
    what: 'everybody to be live',
    timeoutMs: 30_000,
  });

  const statuses: Promise<number>[] = [];
  const reporting = setInterval(() => {
    statuses.push(report(bench, balancer.url, statuses.length + 1));
  }, REPORT_EVERY_MS);
  t.after(() => clearInterval(reporting));
  await until(() => watchers.every(({offsets}) => offsets.length > 2), {what: 'everybody to be told'});
  const stoppedAt = performance.now();
  first.signal('SIGTERM');
  const {afterMs} = await old.receive('session.draining');
  assert.ok(afterMs > LEAD_MS - 2000, `${afterMs}`);
  assert.equal(await first.exited(), 0, first.stderr);
  const tookMs = performance.now() - stoppedAt;
  await until(() => watchers.every(({isLive}) => isLive()), {
    what: 'everybody to be back',
    timeoutMs: 30_000,
  });
  clearInterval(reporting);

  // A dead node would have cost the balancer's next choice too: of all webhooks none was refused.
  assert.deepEqual(new Set(await Promise.all(statuses)), new Set([204]));
  await until(() => watchers.every(({offsets}) => offsets.length >= statuses.length), {
    what: 'everybody to have seen everything',
    timeoutMs: 30_000,
  });
  const all = Array.from({length: statuses.length}, (_, index) => index + 1);
  for (const {offsets} of watchers) assert.deepEqual(offsets, all);
  assert.equal(await old.closed(), 1001);

  // Webhooks are among the arrivals, five in a second; the spread of the sessions is a third of a second.
  const arrivals = balancer.connections.filter(({port}) => port === ports[1]).map(({at}) => at - stoppedAt);
  const moved = arrivals.filter((at) => at > LEAD_MS - 500);
  assert.ok(moved.length >= CLIENTS, `${moved.length}`);
  const quarters = [0.1, 0.5, 0.9].map((share) => moved[Math.floor(CLIENTS * share)] ?? 0);
  t.diagnostic(`gone after ${Math.round(tookMs)} ms; came after ${quarters.map(Math.round).join(', ')} ms`);
  const [early = 0, , late = 0] = quarters;
  assert.ok(late - early > (CLIENTS / SESSIONS_PER_SECOND) * 1000 * 0.1, `${quarters.join(' ')}`);
});
