/** `kill -9` during the start, during the drain, and between an append and its response. */
import assert from 'node:assert/strict';
import {Agent, request} from 'node:http';
import {test} from 'node:test';
import twilio from 'twilio';
import {checkAnswered} from '../../support/crash/crash-check.ts';
import {ACCESS_KEY, type CrashGateway, createCrashGateway} from '../../support/crash/crash-gateway.ts';
import {readJournalFile} from '../../support/crash/crash-journal-file.ts';
import {loadWebhook, WebhookLoad} from '../../support/crash/crash-load.ts';
import {post} from '../../support/simulation/twilio.ts';
import {until} from '../../support/until.ts';
import {TestClient} from '../../support/websocket/client.ts';
import {account, NOBODY} from './account.ts';

async function loadAndKill(gateway: CrashGateway, load: WebhookLoad, at: number): Promise<void> {
  await load.untilCut(32, (answers) => {
    if (answers === at) gateway.signal('SIGKILL');
  });
  await gateway.kill();
}

test('[J7] a kill at any step of the start does no harm', async () => {
  await using gateway = await createCrashGateway({...account, apiUrl: NOBODY});
  // The first start, before and while the database is created.
  gateway.spawn();
  await gateway.waitForLog('configuration');
  await gateway.kill();
  const {epoch} = await gateway.start();
  const load = new WebhookLoad({gatewayUrl: gateway.url, accountSid: account.accountSid});
  await loadAndKill(gateway, load, 200);
  for (const line of ['configuration', 'journal open', 'listening']) {
    gateway.spawn();
    await gateway.waitForLog(line);
    await gateway.kill();
  }
  const opening = await gateway.start();
  assert.equal(opening.epoch, epoch);
  const {entries} = checkAnswered(gateway, load.answered);
  assert.equal(opening.head, entries.length);
});

test('[J7] a kill during the drain loses no acknowledged webhook and leaves no lock', async () => {
  await using gateway = await createCrashGateway({...account, apiUrl: NOBODY});
  const {epoch} = await gateway.start();
  const load = new WebhookLoad({gatewayUrl: gateway.url, accountSid: account.accountSid});
  // This client does not answer the close frame, so the drain waits for it and is killed meanwhile.
  const stubborn = new TestClient(gateway.wsUrl, {token: ACCESS_KEY});
  await stubborn.receive('call.snapshot');
  stubborn.ws.pause();
  const draining = load.untilCut(32, (answers) => {
    if (answers === 100) gateway.signal('SIGTERM');
  });
  await gateway.waitForLog('shutting down');
  await gateway.kill();
  await draining;
  stubborn.terminate();
  assert.equal((await gateway.start()).epoch, epoch);
  checkAnswered(gateway, load.answered);
});

test('[J7] a drain under load exits with code 0 and keeps every acknowledged webhook', async () => {
  await using gateway = await createCrashGateway({...account, apiUrl: NOBODY});
  const {epoch} = await gateway.start();
  const load = new WebhookLoad({gatewayUrl: gateway.url, accountSid: account.accountSid});
  const client = new TestClient(gateway.wsUrl, {token: ACCESS_KEY});
  await client.receive('call.snapshot');
  let exit: Promise<number | null> | undefined;
  await load.untilCut(32, (answers) => {
    if (answers === 100) exit = gateway.terminate();
  });
  assert.equal(await exit, 0);
  assert.equal(await client.closed(), 1001);
  assert.equal((await gateway.start()).epoch, epoch);
  checkAnswered(gateway, load.answered);
});

test('[J2] [J7] [H5] after a kill between append and response, the repeated webhook is one entry', async () => {
  await using gateway = await createCrashGateway({...account, apiUrl: NOBODY});
  await gateway.start();
  const {fields, key} = loadWebhook(0, account.accountSid);
  const cut = cutOffWebhook(gateway, fields);
  // The entry is on disk, and the connection for the response is gone.
  await until(() => readJournalFile(gateway.databaseFile).entries.length === 1, {what: 'the entry'});
  await gateway.kill();
  await cut;
  await gateway.start();
  assert.equal(await post(gateway.url, {route: 'status', fields}), 204);
  const {entries} = checkAnswered(gateway, new Set([key]));
  assert.deepEqual(
    entries.map(({offset, repeats}) => [offset, repeats]),
    [[1, 1]],
  );
});

/** Sends a signed webhook and closes the connection before the response. */
function cutOffWebhook(gateway: CrashGateway, fields: Readonly<Record<string, string>>): Promise<void> {
  const url = `${gateway.url}/twilio/status`;
  const body = new URLSearchParams(fields).toString();
  const {promise, resolve} = Promise.withResolvers<void>();
  const sent = request(url, {
    method: 'POST',
    agent: new Agent(),
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      'content-length': Buffer.byteLength(body),
      'x-twilio-signature': twilio.getExpectedTwilioSignature(account.authToken, url, fields),
    },
  });
  sent.once('error', () => {});
  sent.once('close', resolve);
  // The FIN follows the last byte, so the request is complete.
  sent.end(body, () => sent.socket?.destroySoon());
  return promise;
}
