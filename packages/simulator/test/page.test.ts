import assert from 'node:assert/strict';
import {type TestContext, test} from 'node:test';
import type {Page} from 'playwright-core';
import {launchChromium} from '../../../test/support/browser/chromium.ts';
import {setup} from './support.ts';

const from = '+15005550006';

async function openPage(
  t: TestContext,
  url: string,
): Promise<{page: Page; foreign: string[]; errors: string[]}> {
  const browser = await launchChromium();
  t.after(() => browser.close());
  const page = await browser.newPage();
  const foreign: string[] = [];
  const errors: string[] = [];
  page.on('request', (request) => {
    if (!request.url().startsWith(url)) foreign.push(request.url());
  });
  page.on('pageerror', (error) => errors.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text());
  });
  await page.goto(`${url}/_simulator`);
  return {page, foreign, errors};
}

/** The part of an audio element used here. Tests are compiled without browser types. */
interface Player {
  preload: string;
  readonly duration: number;
  load(): void;
  addEventListener(event: 'loadedmetadata', listener: (event: unknown) => void, options: {once: true}): void;
}

test('/_simulator is a page for browsers and JSON for programs', async (t) => {
  const {simulator} = await setup(t);
  const get = async (path: string, accept?: string) => {
    const response = await fetch(`${simulator.url}/_simulator${path}`, {
      headers: accept === undefined ? {} : {accept},
    });
    await response.text();
    return response;
  };
  const typeOf = async (path: string, accept?: string) =>
    (await get(path, accept)).headers.get('content-type')?.split(';', 1)[0];
  assert.equal(await typeOf('', 'text/html,application/xhtml+xml,*/*;q=0.8'), 'text/html');
  assert.equal(await typeOf(''), 'application/json');
  assert.equal(await typeOf('', 'application/json'), 'application/json');
  assert.equal(await typeOf('/about', 'text/html'), 'application/json');
  const policy = (await get('', 'text/html')).headers.get('content-security-policy') ?? '';
  assert.match(policy, /^default-src 'none'; script-src 'self';/);
  assert.doesNotMatch(policy, /unsafe|https?:/);
});

test('the page shows what a caller hears, controls the far end, and never renders call data as markup', async (t) => {
  const {simulator, client} = await setup(t, {manualClock: true, speed: 1});
  const {page, foreign, errors} = await openPage(t, simulator.url);
  await page.getByText('No calls yet').waitFor();
  const evil = '<img src=x onerror=alert(1)>';
  const say = evil.replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  const twiml = `<Response><Say>${say}</Say><Nonsense/><Record timeout="2"/></Response>`;
  const {sid} = await client.calls.create({to: '+15550101000', from, timeout: 600, twiml});
  const other = await simulator.placeInboundCall({from: `client:${evil}`});
  const card = page.locator(`article[data-sid="${sid}"]`);
  await card.waitFor();
  await page.getByRole('button', {name: 'Advance'}).click();
  await card.getByText('ringing', {exact: true}).waitFor();
  assert.equal(simulator.call(sid)?.status, 'ringing');
  await card.getByRole('button', {name: 'Answer'}).click();
  await card.getByText('in-progress').waitFor();
  await page.getByRole('spinbutton').fill('3');
  await page.getByRole('button', {name: 'Advance'}).click();
  await card.getByText(evil).waitFor();
  await card.getByText('12200', {exact: false}).waitFor();
  await card.getByPlaceholder('Say').fill('This goes into the recording');
  await card.getByRole('button', {name: 'Say'}).click();
  await page.getByRole('spinbutton').fill('8');
  await page.getByRole('button', {name: 'Advance'}).click();
  const audio = card.locator('audio');
  await audio.waitFor();
  const seconds = await audio.evaluate(async (player: Player) => {
    player.preload = 'metadata';
    player.load();
    await new Promise((resolve) => player.addEventListener('loadedmetadata', resolve, {once: true}));
    return player.duration;
  });
  assert.equal(Math.round(seconds), simulator.recordings()[0]?.durationSeconds);
  await page.locator(`article[data-sid="${other}"]`).getByText(evil, {exact: false}).waitFor();
  assert.equal(await page.locator('img').count(), 0);
  page.on('dialog', (dialog) => dialog.accept());
  await page.getByRole('button', {name: 'Reset'}).click();
  await page.getByText('No calls yet').waitFor();
  assert.deepEqual(simulator.calls(), []);
  assert.deepEqual([foreign, errors], [[], []]);
});
