/** The narrow, the long and the pale: widths and contrast where the page looks other than usual. */
import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import type {Browser} from 'playwright-core';
import {launchChromium} from '../../support/chromium.ts';
import {postWebhook, someCallSid, statusFields} from '../../support/signed-webhook.ts';
import {openTab, startTalkativeGateway, type Tab} from './tab.ts';

let browser: Browser;
before(async () => {
  browser = await launchChromium();
});
after(() => browser.close());

/** Texts below 4.5 : 1, with everything that is see-through on the way mixed in as the eye has it. */
const PALE = `(() => {
  const context = Object.assign(document.createElement('canvas'), {width: 1, height: 1}).getContext('2d', {willReadFrequently: true});
  const parse = (color) => {
    context.clearRect(0, 0, 1, 1);
    context.fillStyle = color;
    context.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = context.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const over = (top, below, alpha = top[3]) => [0, 1, 2].map((i) => top[i] * alpha + below[i] * (1 - alpha));
  const line = (element) => {
    const all = [];
    for (let at = element; at !== null; at = at.parentElement) all.unshift(at);
    return all;
  };
  const luminance = (color) => {
    const [r, g, b] = color.map((v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ratio = (element) => {
    let ground = [255, 255, 255];
    let opacity = 1;
    for (const at of line(element)) {
      const style = getComputedStyle(at);
      ground = over(parse(style.backgroundColor), ground);
      opacity *= Number(style.opacity);
    }
    const [a, b] = [over(parse(getComputedStyle(element).color), ground, opacity), ground].map(luminance);
    return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  };
  return [...document.querySelectorAll('main *, header *')]
    .filter((element) => element.checkVisibility() &&
      [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim() !== ''))
    // What cannot be pressed now may be paler (WCAG 1.4.3).
    .filter((element) => element.closest('[aria-disabled="true"]') === null)
    .map((element) => [ratio(element), element.textContent])
    .filter(([value]) => value < 4.5)
    .map(([value, text]) => value.toFixed(2) + ' ' + text);
})()`;

const TOO_WIDE = `[document.documentElement.scrollWidth - innerWidth, ...[...document.querySelectorAll('body *')]
  .filter((element) => element.checkVisibility() && element.getBoundingClientRect().right > innerWidth)
  .map((element) => element.outerHTML.slice(0, 80))]`;

/** One call in each status, one of them from somebody with a long name. */
async function fill(tab: Tab): Promise<void> {
  const {gateway} = tab;
  const statuses = ['queued', 'ringing', 'in-progress', 'completed', 'no-answer'];
  for (const [index, CallStatus] of statuses.entries()) {
    const From = index === 1 ? 'W'.repeat(256) : '+15550100001';
    const fields = {CallSid: someCallSid(index), CallStatus, From, Direction: 'inbound'};
    await postWebhook(gateway, statusFields(gateway, fields));
    await tab.row(someCallSid(index)).waitFor();
  }
}

const refused = /^WebSocket connection to 'ws:.*' failed: |^Failed to load resource: .* status of 4\d\d /;

for (const colorScheme of ['light', 'dark'] as const) {
  test(`${colorScheme}, 320 px: every status, refusal and lost line can be read, and nothing scrolls sideways`, async () => {
    await using gateway = await startTalkativeGateway();
    const context = {viewport: {width: 320, height: 640}, colorScheme, reducedMotion: 'reduce'} as const;
    await using tab = await openTab(browser, gateway, {noise: [refused], context});
    const looks = async (what: string) => {
      assert.deepEqual(await tab.page.evaluate(PALE), [], what);
      assert.deepEqual(await tab.page.evaluate(TOO_WIDE), [0], what);
    };
    await tab.live();
    await looks('empty');
    await fill(tab);
    await tab.page.fill('#to', 'W'.repeat(200));
    await tab.page.click('#call');
    await tab.page.locator('#dial .error:not(:empty)').first().waitFor();
    await tab.page.locator('#rows tr').first().focus();
    await looks('every status, one selected, a refusal');
    await tab.page.click('#show-keys');
    await looks('keys');
    await tab.page.keyboard.press('Escape');
    await gateway.server.drain();
    await tab.shows('#connection-word', 'reconnecting');
    await tab.shows('#connection-detail', 'as of');
    await looks('not live');
    await tab.page.click('#sign-out');
    await tab.page.keyboard.press('Enter');
    await tab.shows('#key-error', 'Enter the key.');
    await looks('key asked for');
  });
}
