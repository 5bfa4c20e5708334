/** The webhooks in a real browser: two panes, a stable list, and the diagnosis of refusals. */
import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import type {Browser, Locator, Page} from 'playwright-core';
import twilio from 'twilio';
import {JWT_SECRET, signToken} from '../../support/auth/tokens.ts';
import type {TestGateway} from '../../support/gateway/gateway.ts';
import {rawRequest} from '../../support/http/http-request.ts';
import {postWebhook, someCallSid, statusFields} from '../../support/twilio/signed-webhook.ts';
import {until} from '../../support/until.ts';
import {launch, openTab, startTalkativeGateway, type Tab} from './support/tab.ts';

/** Messages of Chromium about expected error responses. */
const REFUSED = [
  /^Failed to load resource: .* status of [45]\d\d/,
  /WebSocket connection to .* failed/,
  /ERR_CONNECTION_(?:REFUSED|RESET)/,
];
const WIDE = {viewport: {width: 1280, height: 860}} as const;

let browser: Browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

async function ids(tab: Tab): Promise<number[]> {
  return tab.page.evaluate<number[]>(
    `[...document.querySelectorAll('tr[data-id]')].map(({dataset}) => Number(dataset.id))`,
  );
}

async function shows(tab: Tab, expected: readonly number[]): Promise<void> {
  await until(async () => (await ids(tab)).join() === expected.join(), {what: `the rows ${expected.join()}`});
}

function row(tab: Tab, id: number): Locator {
  return tab.page.locator(`tr[data-id="${id}"]`);
}

function detail(tab: Tab): Locator {
  return tab.page.getByRole('article');
}

function ringing(gateway: TestGateway, number: number): Record<string, string> {
  return statusFields(gateway, {CallSid: someCallSid(number), CallStatus: 'ringing', SequenceNumber: '1'});
}

async function accept(gateway: TestGateway, number: number): Promise<void> {
  assert.equal((await postWebhook(gateway, ringing(gateway, number))).status, 204);
}

/** Signed by Twilio for a tunnel's public name, and forwarded to the gateway. */
async function throughNgrok(gateway: TestGateway, number: number): Promise<void> {
  const fields = ringing(gateway, number);
  const signature = twilio.getExpectedTwilioSignature(
    gateway.environment.twilio.authToken,
    'https://abc.ngrok.app/twilio/status',
    fields,
  );
  const answer = await rawRequest(gateway.url, {
    method: 'POST',
    path: '/twilio/status',
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      'user-agent': 'TwilioProxy/1.1',
      'x-forwarded-host': 'abc.ngrok.app',
      'x-forwarded-proto': 'https',
      'x-twilio-signature': signature,
    },
    body: new URLSearchParams(fields).toString(),
  });
  assert.equal(answer.status, 403);
}

async function keepCopies(page: Page): Promise<void> {
  await page.addInitScript(KEEP_COPIES);
}

async function clipboard(tab: Tab): Promise<string> {
  return tab.page.evaluate<string>('globalThis.__copied');
}

/** A headless browser has no clipboard to read. */
const KEEP_COPIES = `Object.defineProperty(navigator, 'clipboard', {value: {writeText: async (text) => { globalThis.__copied = text; }}});`;

test('[H7] a wrong tunnel name: the finding, the setting to copy, and every candidate that was tried', async () => {
  await using gateway = await startTalkativeGateway({env: {PUBLIC_URL: 'https://old-name.ngrok.app'}});
  await throughNgrok(gateway, 1);
  await using tab = await openTab(browser, gateway, {
    path: '/webhooks',
    context: WIDE,
    // The page is not at PUBLIC_URL, so its WebSocket is refused. This screen does not need it.
    noise: REFUSED,
    prepare: keepCopies,
  });
  await shows(tab, [1]);
  await row(tab, 1).getByText('Refused').waitFor();
  await row(tab, 1).click();
  await tab.at('/webhooks?id=1');
  const why = detail(tab).getByRole('region', {name: 'Reason for the refusal'});
  await why
    .getByRole('heading', {
      name: /^Twilio signed https:\/\/abc\.ngrok\.app\/twilio\/status instead of the expected URL/,
    })
    .waitFor();
  await why.getByText('PUBLIC_URL=https://abc.ngrok.app', {exact: true}).waitFor();
  await why.getByRole('button', {name: 'Copy PUBLIC_URL=https://abc.ngrok.app'}).click();
  assert.equal(await clipboard(tab), 'PUBLIC_URL=https://abc.ngrok.app');
  const matching = why.locator('tr[data-matches]');
  assert.equal(await matching.count(), 1);
  assert.match(
    (await matching.textContent()) ?? '',
    /✓ matches.*https:\/\/abc\.ngrok\.app\/twilio\/status.*host abc\.ngrok\.app/,
  );
  assert.ok((await why.locator('tbody tr').count()) > 10);
  const {authToken} = gateway.environment.twilio;
  assert.ok(!(await tab.page.content()).includes(authToken));
  assert.deepEqual(await tab.violations(), []);
  await tab.shot('webhooks-refused');
  await detail(tab).getByRole('button', {name: 'Copy as JSON'}).click();
  const json = await clipboard(tab);
  assert.equal(JSON.parse(json).diagnosis.setting.value, 'https://abc.ngrok.app');
  assert.ok(!json.includes('x-twilio-signature') && !json.includes(authToken));
});

test('[H7] an accepted webhook: raw values with their meaning, masked numbers, a curl command without signature', async () => {
  await using gateway = await startTalkativeGateway();
  await accept(gateway, 1);
  await accept(gateway, 1);
  await using tab = await openTab(browser, gateway, {
    path: '/webhooks',
    context: WIDE,
    prepare: keepCopies,
  });
  await shows(tab, [2, 1]);
  await row(tab, 2).getByText('duplicate').waitFor();
  await row(tab, 1).click();
  const shown = detail(tab);
  await shown.getByText('Ringing').first().waitFor();
  for (const text of ['204', 'Applied', 'POST /twilio/status', '127.0.0.1']) {
    await shown.getByText(text).first().waitFor();
  }
  const to = shown.getByRole('table', {name: 'Fields'}).getByRole('row', {name: /^To /});
  await to.getByText('+1555•••••01').waitFor();
  assert.ok(!(await tab.page.content()).includes('+15550100001'));
  await to.hover();
  await to.getByRole('button', {name: 'Show number'}).click();
  await to.getByText('+15550100001').waitFor();
  await shown.getByRole('button', {name: 'Copy as curl'}).click();
  const command = await clipboard(tab);
  assert.match(
    command,
    /^curl --globoff \\\n {2}--request POST \\\n {2}'http:\/\/127\.0\.0\.1:\d+\/twilio\/status'/,
  );
  assert.match(command, /To=%2B15550100001/);
  assert.ok(!/signature|token/i.test(command), command);
  await shown.getByRole('link', {name: someCallSid(1)}).click();
  await tab.at(`/calls/${someCallSid(1)}`);
  await tab.page.goBack();
  await tab.at('/webhooks?id=1');
  await detail(tab).getByText('Applied').first().waitFor();
  assert.equal(await row(tab, 1).getAttribute('aria-current'), 'true');
});

test('new webhooks wait while the list is held or paused; selection and position stay; when released, they appear', async () => {
  await using gateway = await startTalkativeGateway();
  await accept(gateway, 1);
  await using tab = await openTab(browser, gateway, {path: '/webhooks', context: WIDE});
  const {page} = tab;
  await shows(tab, [1]);
  await accept(gateway, 2);
  await shows(tab, [2, 1]);
  await row(tab, 1).click();
  const top = (await row(tab, 1).boundingBox())?.y;
  await accept(gateway, 3);
  await page.getByRole('button', {name: '1 new'}).waitFor();
  assert.deepEqual(await ids(tab), [2, 1]);
  assert.equal((await row(tab, 1).boundingBox())?.y, top);
  await tab.press('n');
  await shows(tab, [3, 2, 1]);
  assert.equal(await row(tab, 1).getAttribute('aria-current'), 'true');
  await tab.at('/webhooks?id=1');
  await page.mouse.move(600, 10);
  await page.evaluate('document.activeElement.blur()');
  await tab.press('p');
  await page.getByRole('button', {name: 'Paused'}).waitFor();
  await accept(gateway, 4);
  await accept(gateway, 5);
  await page.getByRole('button', {name: '2 new'}).waitFor();
  await tab.shows('2 new, paused');
  assert.deepEqual(await ids(tab), [3, 2, 1]);
  await tab.shot('webhooks-paused');
  await tab.press('p');
  await shows(tab, [5, 4, 3, 2, 1]);
  assert.equal(await row(tab, 1).getAttribute('aria-current'), 'true');
  await detail(tab).getByText('Applied').first().waitFor();
});

test('[H7] filters are in the URL, shared and reloaded; typing keeps the focus; no match is shown', async () => {
  await using gateway = await startTalkativeGateway();
  await accept(gateway, 1);
  assert.equal((await postWebhook(gateway, ringing(gateway, 2), {signature: null})).status, 403);
  await accept(gateway, 3);
  await using tab = await openTab(browser, gateway, {path: '/webhooks', context: WIDE});
  const {page} = tab;
  await shows(tab, [3, 2, 1]);
  await page.getByRole('button', {name: /^Refused/}).click();
  await shows(tab, [2]);
  await tab.at('/webhooks?outcome=refused');
  await page.goBack();
  await shows(tab, [3, 2, 1]);
  await tab.press('/');
  await page.getByRole('searchbox').pressSequentially(someCallSid(3).slice(0, 34), {delay: 5});
  await shows(tab, [3]);
  await page.locator('input[type="search"]:focus').waitFor();
  await page.reload();
  await shows(tab, [3]);
  await page.getByRole('searchbox').fill('nothing like it');
  await tab.shows('No webhook matches the filter');
  await page.getByRole('button', {name: 'Clear filter'}).last().click();
  await shows(tab, [3, 2, 1]);
  // A link to a webhook that is kept.
  await tab.open('/webhooks?id=2');
  await detail(tab).getByText('no signature').first().waitFor();
});

test('[H7] older pages can be loaded; a restart of the gateway is detected', async () => {
  await using gateway = await startTalkativeGateway();
  for (let number = 1; number <= 130; number += 1) await accept(gateway, number);
  await using tab = await openTab(browser, gateway, {path: '/webhooks', context: WIDE, noise: REFUSED});
  const {page} = tab;
  await until(async () => (await ids(tab)).length === 100, {what: 'a page'});
  await page.getByRole('button', {name: 'Load older'}).click();
  await until(async () => (await ids(tab)).length === 130, {what: 'all of them'});
  assert.equal(await page.getByRole('button', {name: 'Load older'}).count(), 0);
  await page.evaluate('scrollTo({top: 0})');
  await row(tab, 130).click();
  await detail(tab).getByText('Applied').first().waitFor();
  await gateway.restart();
  await accept(gateway, 500);
  await tab.shows('The gateway was restarted');
  await shows(tab, [1]);
  // The open webhook stays on the page, although the gateway no longer has it.
  await detail(tab).getByText('Applied').first().waitFor();
});

test('hostile text is rendered as text, and copies of it are not commands', async () => {
  await using gateway = await startTalkativeGateway();
  const hostile = `'; rm -rf ~ # <img src=x onerror=alert(1)>\u001b[201~\n\u202e`;
  const answer = await rawRequest(gateway.url, {
    method: 'POST',
    path: `/twilio/status?a=<svg/onload=alert(1)>'$(id)&From=%2B15550109999`,
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      'user-agent': `a'b\`c$(id)`,
      'x-twilio-signature': `${'A'.repeat(27)}=`,
    },
    body: new URLSearchParams({CallerName: hostile, Note: hostile, From: '+15550109999'}).toString(),
  });
  assert.equal(answer.status, 403);
  await using tab = await openTab(browser, gateway, {
    path: '/webhooks?id=1',
    context: WIDE,
    prepare: keepCopies,
  });
  await detail(tab).getByText('<img src=x onerror=alert(1)>').first().waitFor();
  await detail(tab).getByText('⟨U+202E⟩').first().waitFor();
  assert.equal(await tab.page.locator('main img, main svg[onload]').count(), 0);
  assert.ok(!(await tab.page.content()).includes('15550109999'), 'numbers in URLs are masked, too');
  await detail(tab).getByRole('button', {name: 'Copy as curl'}).click();
  const command = await clipboard(tab);
  assert.match(command, /^[\x20-\x7e\n]+$/);
  assert.equal(
    command.split('\n').every((line, index) => index === 0 || line.startsWith('  ')),
    true,
    command,
  );
  assert.ok(!command.includes('rm -rf'), command);
});

/** Times, statuses and outcomes that overflow their cell. */
const CUT_MARKS = `[...document.querySelectorAll('tr[data-id] :is(time, [data-status], [data-outcome])')]
  .filter((mark) => mark.getBoundingClientRect().right > mark.closest('td').getBoundingClientRect().right)
  .map((mark) => mark.textContent)`;

test('at 320 px: the list, a webhook, and back to the previous position; also by keyboard', async () => {
  await using gateway = await startTalkativeGateway();
  for (let number = 1; number <= 40; number += 1) {
    // The longest status label.
    const fields = {...ringing(gateway, number), ...(number % 3 === 0 && {CallStatus: 'in-progress'})};
    assert.equal((await postWebhook(gateway, fields)).status, 204);
  }
  await throughNgrok(gateway, 900);
  await using tab = await openTab(browser, gateway, {
    path: '/webhooks',
    context: {viewport: {width: 320, height: 700}},
  });
  const {page} = tab;
  await row(tab, 41).waitFor();
  assert.equal(await tab.overflow(), 0);
  assert.deepEqual(await tab.violations(), []);
  assert.deepEqual(await page.evaluate(CUT_MARKS), []);
  await tab.shot('webhooks-narrow');
  await row(tab, 12).scrollIntoViewIfNeeded();
  const place = await page.evaluate<number>('scrollY');
  await row(tab, 12).click();
  await detail(tab).getByText('Applied').first().waitFor();
  assert.equal(await page.getByRole('table', {name: 'Webhooks'}).count(), 0);
  assert.equal(await tab.overflow(), 0);
  await page.getByRole('button', {name: 'All webhooks'}).click();
  await tab.at('/webhooks');
  await until(async () => Math.abs((await page.evaluate<number>('scrollY')) - place) < 60, {
    what: 'the scroll position',
  });
  await page.evaluate('scrollTo({top: 0})');
  await row(tab, 41).focus();
  await tab.at('/webhooks');
  await tab.press('j', 'k', 'Enter');
  await tab.at('/webhooks?id=41');
  await page.getByRole('region', {name: 'Reason for the refusal'}).waitFor();
  assert.equal(await tab.overflow(), 0);
  assert.deepEqual(await tab.violations(), []);
  await tab.shot('webhooks-narrow-detail');
  await tab.press('Escape');
  await tab.at('/webhooks');
  await page.locator('tr[data-id="41"]:focus').waitFor();
  await tab.press('Enter');
  await tab.at('/webhooks?id=41');
  await page.goBack();
  await row(tab, 41).waitFor();
});

test('[A2] missing scopes are named; without webhooks, the page explains what to expect', async () => {
  await using gateway = await startTalkativeGateway({env: {AUTH_JWT_SECRET: JWT_SECRET}});
  await using empty = await openTab(browser, gateway, {path: '/webhooks', context: WIDE});
  await empty.shows('No webhooks yet');
  assert.deepEqual(await empty.violations(), []);
  for (const [scope, lacks] of [
    [['sessions:read', 'calls:read'], 'Your key lacks the scope calls:read:all.'],
    [['calls:read:all'], 'Your key lacks the scope sessions:read.'],
    [['calls:read'], 'Your key lacks the scopes sessions:read and calls:read:all.'],
  ] as const) {
    await using tab = await openTab(browser, gateway, {path: '/webhooks', key: signToken('ada', {scope})});
    await tab.shows('Your key does not allow viewing webhooks');
    const text = await tab.page.locator('main').textContent();
    assert.ok(text?.includes(lacks), text ?? '');
    assert.deepEqual(await tab.violations(), []);
    assert.ok(!tab.requests.some((url) => url.includes('/api/webhooks')));
  }
});

test('by keyboard: the selected webhook is shown next to the list; light and dark have no violations', async () => {
  await using gateway = await startTalkativeGateway();
  for (let number = 1; number <= 12; number += 1) {
    const fields = {
      ...ringing(gateway, number),
      ...(number % 4 === 0 && {CallStatus: 'busy', SequenceNumber: '2'}),
    };
    assert.equal((await postWebhook(gateway, fields)).status, 204);
  }
  await postWebhook(gateway, ringing(gateway, 1));
  await postWebhook(gateway, ringing(gateway, 50), {authToken: 'another-token-0123456789abcdef0123'});
  for (const colorScheme of ['light', 'dark'] as const) {
    await using tab = await openTab(browser, gateway, {path: '/webhooks', context: {...WIDE, colorScheme}});
    const {page} = tab;
    await row(tab, 14).waitFor();
    assert.deepEqual(await tab.violations(), []);
    await tab.press('j');
    await tab.at('/webhooks?id=14');
    const why = page.getByRole('region', {name: 'Reason for the refusal'});
    await why.getByText('TWILIO_AUTH_TOKEN_ALTERNATE=').first().waitFor();
    await tab.press('j', 'j');
    await tab.at('/webhooks?id=12');
    await detail(tab).getByText('Busy').first().waitFor();
    assert.deepEqual(await tab.violations(), []);
    await tab.shot(`webhooks-${colorScheme}`);
    await tab.press('Escape');
    await tab.shows('No webhook selected');
    await tab.at('/webhooks');
  }
});
