/**
 * Two processes on one Postgres behind a balancer, set up as in docs/guides/deploy.md.
 *
 * One is stopped amid traffic. Its sessions continue at the other one, spread over time, without a gap or a
 * repetition.
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

/** Sends a webhook through the balancer on a new connection. Resolves with its status. */
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

test('[W15] [W11] [W12] SIGTERM: hundreds of sessions move to the other node, spread over time, and miss nothing', async (t) => {
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
    what: 'all clients to be live',
    timeoutMs: 30_000,
  });

  const statuses: Promise<number>[] = [];
  const reporting = setInterval(() => {
    statuses.push(report(bench, balancer.url, statuses.length + 1));
  }, REPORT_EVERY_MS);
  t.after(() => clearInterval(reporting));
  await until(() => watchers.every(({offsets}) => offsets.length > 2), {
    what: 'all clients to receive three entries',
  });
  const stoppedAt = performance.now();
  first.signal('SIGTERM');
  const {afterMs} = await old.receive('session.draining');
  assert.ok(afterMs > LEAD_MS - 2000, `${afterMs}`);
  assert.equal(await first.exited(), 0, first.stderr);
  const tookMs = performance.now() - stoppedAt;
  await until(() => watchers.every(({isLive}) => isLive()), {
    what: 'all clients to be back',
    timeoutMs: 30_000,
  });
  clearInterval(reporting);

  // A dead node would also have cost a retry of the balancer, but no webhook was refused.
  assert.deepEqual(new Set(await Promise.all(statuses)), new Set([204]));
  await until(() => watchers.every(({offsets}) => offsets.length >= statuses.length), {
    what: 'all clients to have every entry',
    timeoutMs: 30_000,
  });
  const all = Array.from({length: statuses.length}, (_, index) => index + 1);
  for (const {offsets} of watchers) assert.deepEqual(offsets, all);
  assert.equal(await old.closed(), 1001);

  // The arrivals include webhooks, five per second. The sessions are spread over a third of a second.
  const arrivals = balancer.connections.filter(({port}) => port === ports[1]).map(({at}) => at - stoppedAt);
  const moved = arrivals.filter((at) => at > LEAD_MS - 500);
  assert.ok(moved.length >= CLIENTS, `${moved.length}`);
  const quarters = [0.1, 0.5, 0.9].map((share) => moved[Math.floor(CLIENTS * share)] ?? 0);
  t.diagnostic(
    `gone after ${Math.round(tookMs)} ms; arrived after ${quarters.map(Math.round).join(', ')} ms`,
  );
  const [early = 0, , late = 0] = quarters;
  assert.ok(late - early > (CLIENTS / SESSIONS_PER_SECOND) * 1000 * 0.1, `${quarters.join(' ')}`);
});
