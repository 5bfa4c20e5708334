/** Text from strangers, above all numbers and names of callers, is rendered as text and never as markup. */
import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import type {Browser, Page} from 'playwright-core';
import type {TestGateway} from '../../support/gateway/gateway.ts';
import {postWebhook, someCallSid, statusFields} from '../../support/twilio/signed-webhook.ts';
import {until} from '../../support/until.ts';
import {openCalls} from './support/calls-page.ts';
import {launch, startTalkativeGateway} from './support/tab.ts';

let browser: Browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

const MARKUP: readonly string[] = [
  '<img src=x onerror="globalThis.__ran=1">',
  '"><svg onload=globalThis.__ran=1>',
  '<script>globalThis.__ran=1</script>',
  '</td></tr></table><form action=//evil>',
  'javascript:globalThis.__ran=1',
  '{{constructor.constructor("globalThis.__ran=1")()}}',
  '<style>*{display:none}</style>',
  '&lt;b&gt;&#x3c;i>',
];

/** Elements that injected markup would create. */
const STRANGERS = 'main :is(img, script, form[action], iframe, style, b, i, [onload], [onerror])';

async function call(gateway: TestGateway, number: number, fields: Record<string, string>): Promise<string> {
  const CallSid = someCallSid(number);
  const all = {CallSid, CallStatus: 'ringing', Direction: 'inbound', SequenceNumber: '0', ...fields};
  const response = await postWebhook(gateway, statusFields(gateway, all));
  assert.equal(response.status, 204, JSON.stringify(fields).slice(0, 200));
  return CallSid;
}

async function isUnharmed(page: Page): Promise<void> {
  assert.equal(await page.evaluate('globalThis.__ran'), undefined);
  assert.equal(await page.locator(STRANGERS).count(), 0);
}

function hasFocusInTable(page: Page): Promise<boolean> {
  return page.evaluate<boolean>(`document.activeElement?.closest('tr[data-sid]') != null`);
}

test('[H5] [W1] markup in numbers and names is text in the list, on the call, in titles, dialogs, tips and JSON', async () => {
  await using gateway = await startTalkativeGateway();
  await using calls = await openCalls(browser, gateway);
  const {tab, page} = calls;
  await tab.live();
  for (const [index, text] of MARKUP.entries()) {
    const callSid = await call(gateway, index, {From: text, To: text, CallerName: text, FromCity: text});
    const row = await calls.says(callSid, 'Ringing');
    await row.click();
    await tab.press('r');
    assert.deepEqual(await row.locator('bdi').allTextContents(), [text, text]);
    await isUnharmed(page);
    await tab.press('x');
    await page.getByRole('alertdialog').getByText(text).first().waitFor();
    await tab.press('Escape');
    await page.getByRole('alertdialog').waitFor({state: 'detached'});
    // A held table would not show the next call, so release it once the dialog has returned the focus.
    await until(() => hasFocusInTable(page));
    await tab.press('Escape');
    await until(async () => !(await hasFocusInTable(page)));
    await page.mouse.move(5, 5);
  }
  for (const [index, text] of MARKUP.entries()) {
    const callSid = someCallSid(index);
    await tab.go(`/calls/${callSid}`);
    await page.getByRole('main').getByText(callSid).first().waitFor();
    await page.locator('svg [data-place]').first().focus();
    await tab.press('Enter');
    const raw = page.getByRole('region', {name: 'Raw fields'});
    await raw.getByText(text, {exact: true}).first().waitFor();
    await page.getByRole('button', {name: 'Show JSON'}).click();
    await page.getByRole('region', {name: 'the call as JSON'}).waitFor();
    await isUnharmed(page);
  }
});

test('[H5] direction marks and invisible characters are named; long text does not break the layout', async () => {
  await using gateway = await startTalkativeGateway();
  const turned = await call(gateway, 1, {From: '\u202e1000010555', CallerName: '\u202eeciov\u2066'});
  const unseen = await call(gateway, 2, {
    From: 'al\u200bice\u2060 sm\u00adith',
    CallerName: 'a\u{e0041}b\u0007',
  });
  const endless = await call(gateway, 3, {From: 'W'.repeat(250), CallerName: 'W'.repeat(10_000)});
  const stacked = await call(gateway, 4, {From: `z${'\u0335\u0322\u0489'.repeat(60)}algo`, CallerName: 'x'});
  for (const width of [1280, 320]) {
    const context = {viewport: {width, height: 800}};
    await using calls = await openCalls(browser, gateway, {context});
    const {tab, page} = calls;
    await tab.live();
    await calls.row(stacked).waitFor();
    for (const callSid of [turned, unseen, endless, stacked]) {
      await calls.row(callSid).click();
      await tab.press('r');
    }
    await calls.row(turned).getByText('⟨U+202E⟩1000010555').waitFor();
    await calls.row(unseen).getByText('al⟨U+200B⟩ice⟨U+2060⟩ sm⟨U+00AD⟩ith').waitFor();
    await calls
      .row(endless)
      .getByText(`${'W'.repeat(80)}…`)
      .waitFor();
    assert.ok((await tab.overflow()) <= 0, `${width}: the list scrolls sideways`);
    for (const callSid of [endless, stacked]) {
      const box = await calls.row(callSid).boundingBox();
      assert.ok(box !== null && box.height < 220, `${width}: a row of ${box?.height} px`);
    }
    await tab.shot(`hostile-${width}`);
    for (const callSid of [turned, unseen, endless, stacked]) {
      await tab.go(`/calls/${callSid}`);
      await page.getByRole('main').getByText(callSid).first().waitFor();
      await page.locator('tr[data-offset]').first().waitFor();
      await tab.press('j', 'Enter');
      await page.getByRole('region', {name: 'Raw fields'}).waitFor();
      assert.ok((await tab.overflow()) <= 0, `${width}: ${callSid} scrolls sideways`);
    }
    assert.deepEqual(await tab.violations(), []);
    await tab.go(`/calls/${turned}`);
    await page.getByRole('main').getByText(turned).first().waitFor();
    await page.getByRole('button', {name: 'Show JSON'}).click();
    const json = page.getByRole('region', {name: 'the call as JSON'});
    await json.getByText('"\\u202e1000010555"').first().waitFor();
    assert.equal(JSON.parse((await json.textContent()) ?? '').from, '\u202e1000010555');
  }
});

test('[W5] form input and its errors are rendered as text', async () => {
  await using gateway = await startTalkativeGateway();
  const noise = [/^Failed to load resource: .* status of 4\d\d /];
  await using calls = await openCalls(browser, gateway, {noise});
  const {tab, page} = calls;
  await tab.live();
  for (const text of MARKUP) {
    await calls.number.fill(text);
    await page.keyboard.press('Enter');
    await page.locator('input[type="tel"][aria-invalid="true"]').first().waitFor();
    await isUnharmed(page);
    await calls.number.fill('');
    await page.getByRole('searchbox').fill(text);
    await isUnharmed(page);
  }
});
