/** `kill -9` while the process starts, while it drains, and between an append and its answer. */
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

test('[J7] a start that is killed, at any of its steps, harms nothing', async () => {
  await using gateway = await createCrashGateway({...account, apiUrl: NOBODY});
  // The very first start of all, before there is a database, and while it is made.
  gateway.spawn();
  await gateway.logged('configuration');
  await gateway.kill();
  const {epoch} = await gateway.start();
  const load = new WebhookLoad({gatewayUrl: gateway.url, accountSid: account.accountSid});
  await loadAndKill(gateway, load, 200);
  for (const line of ['configuration', 'journal open', 'listening']) {
    gateway.spawn();
    await gateway.logged(line);
    await gateway.kill();
  }
  const opening = await gateway.start();
  assert.equal(opening.epoch, epoch);
  const {entries} = checkAnswered(gateway, load.answered);
  assert.equal(opening.head, entries.length);
});

test('[J7] a drain that is killed loses nothing that was answered, and the lock is free', async () => {
  await using gateway = await createCrashGateway({...account, apiUrl: NOBODY});
  const {epoch} = await gateway.start();
  const load = new WebhookLoad({gatewayUrl: gateway.url, accountSid: account.accountSid});
  // It does not answer the close: the drain has to wait for it, and is killed meanwhile.
  const stubborn = new TestClient(gateway.wsUrl, {token: ACCESS_KEY});
  await stubborn.receive('call.snapshot');
  stubborn.ws.pause();
  const draining = load.untilCut(32, (answers) => {
    if (answers === 100) gateway.signal('SIGTERM');
  });
  await gateway.logged('going away');
  await gateway.kill();
  await draining;
  stubborn.terminate();
  assert.equal((await gateway.start()).epoch, epoch);
  checkAnswered(gateway, load.answered);
});

test('[J7] a drain under load ends by itself with exit code 0, and keeps what was answered', async () => {
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

test('[J2] [J7] [H5] killed between append and answer: the webhook comes again and is one entry', async () => {
  await using gateway = await createCrashGateway({...account, apiUrl: NOBODY});
  await gateway.start();
  const {fields, key} = loadWebhook(0, account.accountSid);
  const cut = cutOffWebhook(gateway, fields);
  // On the disk, and the connection on which it should have been answered is gone.
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

/** A signed webhook whose sender is gone before it could be answered. */
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
  // A FIN after the last byte: the request is whole, and nobody waits for its answer.
  sent.end(body, () => sent.socket?.destroySoon());
  return promise;
}
