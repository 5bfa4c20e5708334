/** The console at every origin: loopback names, a host without TLS, and an origin that is not allowed. */
import assert from 'node:assert/strict';
import {once} from 'node:events';
import {type AddressInfo, createConnection, createServer} from 'node:net';
import {after, before, test} from 'node:test';
import type {Browser} from 'playwright-core';
import {openCalls} from './support/calls-page.ts';
import {launch, openBeside, openTab, startTalkativeGateway} from './support/tab.ts';

/** Resolves to this machine and is not a secure context, like a gateway on a local network. */
const PLAIN = 'plain.example';
/** Messages of Chromium about headers that need TLS. */
const WITHOUT_TLS = [/Cross-Origin-Opener-Policy header has been ignored/, /Origin-Agent-Cluster/];
const ELSEWHERE = {ALLOWED_ORIGINS: 'https://app.example.com'};

let browser: Browser;
before(async () => {
  browser = await launch({args: [`--host-resolver-rules=MAP ${PLAIN} 127.0.0.1`]});
});
after(() => browser.close());

test('[E] the console connects at every host name of the gateway, although ALLOWED_ORIGINS lists only another origin', async () => {
  await using gateway = await startTalkativeGateway({env: ELSEWHERE});
  const {port} = gateway.environment;
  for (const host of ['127.0.0.1', 'localhost', PLAIN]) {
    await using tab = await openTab(browser, gateway, {url: `http://${host}:${port}`, noise: WITHOUT_TLS});
    await tab.live();
  }
});

test('[A3] if the page’s origin is not allowed, the console names it with the remedy, and stops reconnecting', async () => {
  await using gateway = await startTalkativeGateway({env: ELSEWHERE});
  await using proxy = await openRewritingProxy(gateway.environment.port);
  await using tab = await openTab(browser, gateway, {url: proxy.url});
  const notice = tab.page.getByRole('region', {name: 'Connection'});
  await notice.getByText(`Origin ${proxy.url} is not allowed. Add it to ALLOWED_ORIGINS.`).waitFor();
  await tab.shows('Stopped');
  assert.equal(tab.sockets.length, 1);
  assert.deepEqual(tab.sockets[0]?.received, []);
  assert.equal((await gateway.api('/api/sessions')).body.sessions.length, 0);
  await tab.shot('origin-refused');
});

test('without TLS, placing calls, copying and sharing the key between tabs work', async () => {
  await using gateway = await startTalkativeGateway();
  await using calls = await openCalls(browser, gateway, {
    url: `http://${PLAIN}:${gateway.environment.port}`,
    noise: WITHOUT_TLS,
  });
  const {tab, page} = calls;
  await tab.live();
  assert.equal(await page.evaluate('isSecureContext'), false);
  assert.equal(await page.evaluate('typeof crypto.randomUUID'), 'undefined');
  await calls.number.fill('+15550100001');
  await page.getByRole('button', {name: 'Call', exact: true}).click();
  await tab.shows('Call to +1555•••••01 placed.');
  const callSid = gateway.simulator.calls()[0]?.sid ?? '';
  await calls.says(callSid, 'In progress');
  await tab.go(`/calls/${callSid}`);
  await page.getByRole('button', {name: 'Copy call sid'}).first().click();
  await page.getByRole('button', {name: 'Copied'}).first().waitFor();
  await tab.press('Control+k');
  const field = page
    .getByRole('dialog')
    .getByRole('searchbox')
    .or(page.getByRole('dialog').getByRole('textbox'));
  await field.first().focus();
  await tab.press('Control+v');
  assert.equal(await field.first().inputValue(), callSid);
  const second = await openBeside(tab, {noise: WITHOUT_TLS});
  await second.live();
  await second.page.getByRole('button', {name: /^Sign out/}).click();
  await page.getByLabel('Access key').waitFor();
  assert.deepEqual(second.faults, []);
});

test('a national number is dialed in the country of the gateway’s number, and previewed', async () => {
  await using gateway = await startTalkativeGateway();
  await using calls = await openCalls(browser, gateway);
  const {tab, page} = calls;
  await tab.live();
  await calls.number.fill('555-0100');
  await page.keyboard.press('Enter');
  await tab.shows(/The number is too short. Enter the whole number \(United States\)/);
  assert.deepEqual(gateway.simulator.calls(), []);
  await tab.shot('dial-fault');
  await calls.number.fill('(415) 555-0100');
  await tab.shows('Calls +1 415 555 0100 (United States)');
  await tab.shot('dial-reading');
  assert.deepEqual(await tab.violations(), []);
  await page.keyboard.press('Enter');
  await tab.shows('Call to +1415•••••00 placed.');
  assert.equal(gateway.simulator.calls()[0]?.to, '+14155550100');
  await calls.number.fill('client:jo-ann');
  await page.keyboard.press('Enter');
  await tab.shows(/Call to client:.* placed/);
  assert.ok(gateway.simulator.calls().some(({to}) => to === 'client:jo-ann'));
});

/** A proxy that replaces the Host header, as nginx does by default. */
async function openRewritingProxy(port: number) {
  const server = createServer((client) => {
    const gateway = createConnection(port, '127.0.0.1');
    for (const socket of [client, gateway]) socket.on('error', () => {});
    client.on('close', () => gateway.destroy());
    gateway.on('close', () => client.destroy());
    gateway.pipe(client);
    client.on('data', (bytes) =>
      gateway.write(bytes.toString('latin1').replace(/\r\nHost: [^\r]*/i, '\r\nHost: upstream'), 'latin1'),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      server.close();
    },
  };
}
