/** Repeated `kill -9` under load on the same files. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {checkAnswered, checkResumed, keysOf} from '../../support/crash/crash-check.ts';
import {ACCESS_KEY, createCrashGateway} from '../../support/crash/crash-gateway.ts';
import {WebhookLoad} from '../../support/crash/crash-load.ts';
import {lastPushed} from '../../support/simulation/check.ts';
import {SeededRandom} from '../../support/simulation/random.ts';
import {until} from '../../support/until.ts';
import {TestClient} from '../../support/websocket/client.ts';
import {account, NOBODY} from './account.ts';

const ROUNDS = 15;
const CONCURRENCY = 48;

test(`[J7] [W11] ${ROUNDS} rounds of kill -9 under load lose no acknowledged webhook`, async (t) => {
  await using gateway = await createCrashGateway({...account, apiUrl: NOBODY});
  const load = new WebhookLoad({gatewayUrl: gateway.url, accountSid: account.accountSid});
  const seed = Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 31));
  t.diagnostic(`seed ${seed}`);
  const random = new SeededRandom(seed);
  let {epoch} = await gateway.start();
  let client = new TestClient(gateway.wsUrl, {token: ACCESS_KEY});
  await client.receive('call.snapshot');
  let writtenUnanswered = 0;

  for (let round = 1; round <= ROUNDS; round += 1) {
    const killAt = random.int(1, 400);
    await load.untilCut(CONCURRENCY, (answers) => {
      if (answers === killAt) gateway.signal('SIGKILL');
    });
    await gateway.kill();
    await client.closed();
    const position = client.position();

    const opening = await gateway.start();
    assert.equal(opening.epoch, epoch, `[J7] the epoch changed after kill ${round}`);
    epoch = opening.epoch;
    const journal = checkAnswered(gateway, load.answered);
    assert.equal(opening.head, journal.entries.length);
    writtenUnanswered += keysOf(journal).filter((key) => load.unanswered.has(key)).length;

    client = new TestClient(gateway.wsUrl, {token: ACCESS_KEY, resume: position});
    const ready = await client.ready();
    assert.deepEqual([ready.recovered, ready.offset, ready.epoch], [true, position.offset, epoch]);
    const end = lastPushed(journal);
    await until(() => client.position().offset >= end, {what: `the client to reach offset ${end}`});
    checkResumed(client, position.offset, journal);
  }

  // Every webhook without a response is sent again, and none becomes a second entry.
  await load.untilCut(1, () => {
    if (load.unanswered.size === 0) gateway.signal('SIGTERM');
  });
  await gateway.kill();
  const {entries} = checkAnswered(gateway, load.answered);
  client.terminate();
  const times = gateway.startTimesMs.map(Math.round).sort((a, b) => a - b);
  t.diagnostic(`${load.answered.size} answered, ${entries.length} entries, ${ROUNDS} kills`);
  t.diagnostic(
    `${writtenUnanswered} were written although the response was lost, and were received again as the same entry`,
  );
  t.diagnostic(`spawn to listening, ms: median ${times[times.length >> 1]}, slowest ${times.at(-1)}`);
});
