/** Hanging up in the page: what is asked for once is asked for once, and of no other call. */
import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import type {Browser} from 'playwright-core';
import {launchChromium} from '../../support/chromium.ts';
import {startGateway, type TestGateway} from '../../support/gateway.ts';
import {until} from '../../support/until.ts';
import {ConsolePage} from './console-page.ts';

const TALK = '<Response><Pause length="600"/></Response>';

let browser: Browser;
before(async () => {
  browser = await launchChromium();
});
after(() => browser.close());

/** A call that talks until somebody ends it. */
async function talking(gateway: TestGateway, view: ConsolePage, number = '+15550100001'): Promise<string> {
  const sid = await gateway.place({to: number, twiml: TALK});
  await view.shows(sid, 'in-progress');
  return sid;
}

test('[W7] a double click on the button ends the call, and no other that moves under the pointer', async () => {
  await using gateway = await startGateway();
  await using view = await ConsolePage.live(browser, gateway);
  const bystander = await talking(gateway, view, '+15550100002');
  const sid = await talking(gateway, view);
  await view.row(sid).locator('button').dblclick({delay: 60});
  await view.shows(sid, 'completed');
  await view.row(bystander).locator('button').hover();
  assert.deepEqual(
    view.sent.map(({type, action, callSid}) => [type, action, callSid]),
    [['call.action', 'disconnect', sid]],
  );
  assert.equal(typeof view.sent[0].requestId, 'string');
  assert.equal(await view.row(bystander).getAttribute('data-status'), 'in-progress');
  view.assertFlawless();
});

test('[W7] the second click of a double click falls on the row that came up: nothing', async () => {
  await using gateway = await startGateway();
  await using view = await ConsolePage.live(browser, gateway);
  const bystander = await talking(gateway, view, '+15550100002');
  const sid = await talking(gateway, view);
  const box = await view.row(sid).locator('button').boundingBox();
  assert.ok(box !== null);
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  await view.page.mouse.click(x, y);
  await view.shows(sid, 'completed');
  await until(async () => (await view.order())[0] === bystander, {what: 'the rows to move'});
  // Where the button of the ended call was, there is now the other one's.
  await view.page.mouse.move(x, y);
  await view.page.mouse.down({clickCount: 2});
  await view.page.mouse.up({clickCount: 2});
  await view.page.locator(`tr[data-sid="${bystander}"][aria-current]`).waitFor();
  assert.equal(await view.focus(), `${bystander} button`);
  assert.equal(view.sent.length, 1);
  assert.equal(await view.row(bystander).getAttribute('data-status'), 'in-progress');
});

test('a second `x` meets the call that has ended, not its neighbour; a moved row keeps the focus', async () => {
  await using gateway = await startGateway();
  await using view = await ConsolePage.live(browser, gateway);
  const {keyboard} = view.page;
  const neighbour = await talking(gateway, view, '+15550100002');
  const sid = await talking(gateway, view);
  await keyboard.press('j');
  assert.equal(await view.focus(), sid);
  await keyboard.press('x');
  await view.shows(sid, 'completed');
  assert.deepEqual(await view.order(), [neighbour, sid]);
  assert.equal(await view.focus(), sid);
  await keyboard.press('x');
  await view.says('#announcer', /This call has ended/);
  await keyboard.press('ArrowUp');
  assert.equal(await view.focus(), neighbour);
  await keyboard.press('d');
  await keyboard.press('Escape');
  assert.equal(await view.focus(), neighbour);
  // By its button: when that goes, the focus stays in the row and does not fall out of the page.
  await keyboard.press('Tab');
  assert.equal(await view.focus(), `${neighbour} button`);
  assert.equal(
    await view.page.evaluate<string>('getComputedStyle(document.activeElement).outlineStyle'),
    'solid',
  );
  await keyboard.press('Enter');
  await view.shows(neighbour, 'completed');
  assert.equal(await view.focus(), neighbour);
  assert.equal(view.sent.length, 2);
  view.assertFlawless();
});

test('keys rest while somebody types, with Ctrl, and when they are switched off', async () => {
  await using gateway = await startGateway();
  await using view = await ConsolePage.live(browser, gateway);
  const {keyboard} = view.page;
  const sid = await talking(gateway, view);
  await keyboard.press('j');
  await keyboard.press('/');
  await keyboard.type('xj?d/');
  assert.equal(await view.page.inputValue('#to'), 'xj?d/');
  assert.equal(await view.page.locator('#keys').isVisible(), false);
  await keyboard.press('Escape');
  await keyboard.press('Control+x');
  await keyboard.press('?');
  await keyboard.press('x');
  await view.page.click('#keys-on');
  await view.page.click('#keys button');
  await keyboard.press('j');
  await keyboard.press('x');
  await view.page.reload();
  await view.shows(sid, 'in-progress');
  await keyboard.press('d');
  assert.equal(await view.focus(), 'body');
  assert.deepEqual(view.sent, []);
  await view.page.click('#show-keys');
  await view.page.click('#keys-on');
  await keyboard.press('Escape');
  await keyboard.press('j');
  await keyboard.press('x');
  await view.shows(sid, 'completed');
});

test('[W5] a hang-up that fails says why in its row, and can be tried again', async () => {
  await using gateway = await startGateway();
  await using view = await ConsolePage.live(browser, gateway);
  const sid = await talking(gateway, view);
  gateway.simulator.setFaults({serverError: {probability: 1, status: 503}});
  await view.row(sid).locator('button').click();
  await view.says(`tr[data-sid="${sid}"] .error`, /Twilio/);
  assert.equal(await view.row(sid).locator('button').textContent(), 'Hang up');
  gateway.simulator.setFaults({});
  await view.row(sid).locator('button').click();
  await view.shows(sid, 'completed');
  assert.equal(await view.row(sid).locator('.error').isVisible(), false);
});
