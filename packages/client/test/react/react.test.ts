/** The hooks in a real browser with a real gateway and both supported React versions. */
import assert from 'node:assert/strict';
import {after, before, describe, test} from 'node:test';
import type {Browser, Page} from 'playwright-core';
import {launchChromium} from '../../../../test/support/browser/chromium.ts';
import {ACCESS_KEY, startGateway, type TestGateway} from '../../../../test/support/gateway/gateway.ts';
import {until} from '../../../../test/support/until.ts';
import {bundleFixture, type ReactVersion} from './bundle.ts';

let browser: Browser;
before(async () => {
  browser = await launchChromium();
});
after(() => browser.close());

for (const version of [18, 19] as const) describe(`React ${version}`, () => walk(version));

function walk(version: ReactVersion): void {
  let code: string;
  before(async () => {
    code = await bundleFixture(version);
  });

  /** A page on the gateway's origin that contains the fixture. */
  async function open(gateway: TestGateway, skewMs = 0) {
    const page = await browser.newPage();
    page.setDefaultTimeout(10_000);
    const faults: string[] = [];
    const sockets: string[] = [];
    page.on('pageerror', (error) => faults.push(error.stack ?? error.message));
    page.on('console', (message) => {
      // The browser requests an icon, which this address does not have.
      const {url} = message.location();
      if (message.type() === 'error' && !url.endsWith('/favicon.ico')) faults.push(message.text());
    });
    page.on('websocket', (socket) => sockets.push(socket.url()));
    await page.goto(`${gateway.url}/healthz`);
    if (skewMs !== 0) await page.evaluate(`{const now = Date.now; Date.now = () => now() + ${skewMs};}`);
    await page.evaluate(code);
    const close = () => page.close();
    return {page, faults, sockets, [Symbol.asyncDispose]: close};
  }

  async function mount(page: Page, gateway: TestGateway, names: readonly string[]): Promise<void> {
    await page.evaluate(
      `fixture.mount(${JSON.stringify(names)}, ${JSON.stringify(gateway.url)}, '${ACCESS_KEY}')`,
    );
  }

  const renders = (page: Page): Promise<Record<string, number>> => page.evaluate('({...fixture.renders})');
  const textOf = (page: Page, selector: string) => page.locator(selector).textContent();

  test('only components that show a changed call render again', async () => {
    await using gateway = await startGateway({simulator: {speed: 1}});
    // Never rings: the call is answered, and then there are no more messages.
    const quiet = await gateway.place({to: '+15550100700'});
    await gateway.callIn(quiet, 'in-progress');
    await using tab = await open(gateway);
    const {page} = tab;
    await mount(page, gateway, ['all', 'ringing', 'inline', 'connection']);
    await page.locator('#connection', {hasText: 'live'}).waitFor();
    await page.locator('#all [data-to="+15550100700"]').waitFor();
    const before = await renders(page);

    const busy = await gateway.place({to: '+15550100001'});
    await gateway.callIn(busy, 'in-progress');
    await page.locator('#all [data-to="+15550100001"]', {hasText: 'in-progress'}).waitFor();
    const after = await renders(page);
    const grown = (name: string) => (after[name] ?? 0) - (before[name] ?? 0);

    assert.equal(grown('row +15550100700'), 0, 'the row of a call that did not change');
    assert.equal(grown('connection'), 0, 'what shows the connection');
    assert.ok(grown('row +15550100001') >= 1, 'the row of the call that did');
    // The call entered the filter by ringing and left it again. Other changes do not concern the component.
    assert.ok(grown('ringing') <= 2, `the list of ringing calls, ${grown('ringing')} times`);
    // The production build does not render twice in StrictMode: at most once for each of the four statuses.
    assert.ok(grown('inline') >= 1 && grown('inline') <= 4, `the inline filter, ${grown('inline')} times`);
    assert.equal(await textOf(page, '#inline'), '1');
    assert.deepEqual(tab.faults, []);
  });

  test('everything on the screen shows the same moment, also in a slow transition', async () => {
    await using gateway = await startGateway({simulator: {speed: 20}});
    await using tab = await open(gateway);
    const {page} = tab;
    await mount(page, gateway, ['tearing', 'connection']);
    await page.locator('#connection', {hasText: 'live'}).waitFor();
    for (let index = 10; index < 30; index += 1) await gateway.place({to: `+155501000${index}`});
    await page.locator('#tearing[data-shown="40"]').waitFor({timeout: 30_000});
    assert.deepEqual(await page.evaluate('fixture.torn'), []);
    assert.deepEqual(tab.faults, []);
  });

  test('StrictMode and remounting do not open a second connection', async () => {
    await using gateway = await startGateway();
    await using tab = await open(gateway);
    const {page} = tab;
    await mount(page, gateway, ['all', 'connection']);
    await page.locator('#connection', {hasText: 'live'}).waitFor();
    await page.evaluate('fixture.unmount()');
    const sid = await gateway.place({to: '+15550100001'});
    await page.evaluate(`fixture.watch('${sid}')`);
    await page.locator('#one', {hasText: 'in-progress'}).waitFor();
    assert.equal(tab.sockets.length, 1);
    assert.deepEqual(tab.faults, []);
  });

  test("all durations change at the same moment and end with Twilio's duration", async () => {
    await using gateway = await startGateway({simulator: {speed: 1}});
    await using tab = await open(gateway);
    const {page} = tab;
    await mount(page, gateway, ['connection']);
    await page.locator('#connection', {hasText: 'live'}).waitFor();
    const sid = await gateway.place({to: '+15550100503'}); // answers, hangs up after 3 s
    await page.evaluate(`fixture.watch('${sid}')`);
    await page.evaluate(`{
      globalThis.pairs = [];
      new MutationObserver(() => pairs.push(
        document.getElementById('a').textContent + '=' + document.getElementById('b').textContent,
      )).observe(document.body, {subtree: true, characterData: true, childList: true});
    }`);
    await page.locator('#a', {hasText: '2'}).waitFor();
    await page.locator('#one', {hasText: 'completed'}).waitFor();
    const {duration} = (await gateway.callIn(sid, 'completed')) as {duration: number};
    await until(async () => (await textOf(page, '#a')) === String(duration), {what: "Twilio's own figure"});
    const pairs: string[] = await page.evaluate('pairs');
    for (const pair of pairs) assert.equal(pair.split('=')[0], pair.split('=')[1]);
    const counts = await renders(page);
    assert.ok((counts['a'] ?? 0) <= duration + 4, `${counts['a']} renders for ${duration} s`);
    assert.deepEqual(tab.faults, []);
  });

  for (const minutes of [14, -3]) {
    test(`a duration is correct in a browser whose clock is ${minutes} min off`, async () => {
      await using gateway = await startGateway({simulator: {speed: 1}});
      await using tab = await open(gateway, minutes * 60_000);
      const {page} = tab;
      await mount(page, gateway, ['connection']);
      await page.locator('#connection', {hasText: 'live'}).waitFor();
      const sid = await gateway.place({to: '+15550100700'});
      await page.evaluate(`fixture.watch('${sid}')`);
      await page.locator('#one', {hasText: 'in-progress'}).waitFor();
      const {answeredAt} = (await gateway.callIn(sid, 'in-progress')) as {answeredAt: string};
      await until(async () => Number(await textOf(page, '#a')) >= 2, {what: 'two seconds'});
      const shown = Number(await textOf(page, '#a'));
      assert.ok(shown <= (Date.now() - Date.parse(answeredAt)) / 1000 + 1, `${shown} s`);
      assert.deepEqual(tab.faults, []);
    });
  }
}
