/** How the page is delivered and how it looks: policy, weight, widths, schemes, motion, types. */
import assert from 'node:assert/strict';
import {execFile} from 'node:child_process';
import {readdirSync, readFileSync} from 'node:fs';
import path from 'node:path';
import {after, before, test} from 'node:test';
import {promisify} from 'node:util';
import {gzipSync} from 'node:zlib';
import {closeReasons, retryAfter as protocolRetryAfter} from '@hookswitch/protocol';
import type {Browser} from 'playwright-core';
import {backoffMs, retryAfter} from '../../../public/retry.js';
import {launchChromium} from '../../support/chromium.ts';
import {startGateway} from '../../support/gateway.ts';
import {ConsolePage} from './console-page.ts';

const ROOT = path.join(import.meta.dirname, '../../..');
const PUBLIC = path.join(ROOT, 'public');

let browser: Browser;
before(async () => {
  browser = await launchChromium();
});
after(() => browser.close());

test('text stands out from what it is on, in light and in dark', async () => {
  await using gateway = await startGateway();
  await using view = await ConsolePage.live(browser, gateway, {browserContext: {reducedMotion: 'reduce'}});
  const failed = await gateway.place({to: '+15550100101'});
  await view.shows(failed, 'failed');
  const talking = await gateway.place({
    to: '+15550100001',
    twiml: '<Response><Pause length="600"/></Response>',
  });
  await view.shows(talking, 'in-progress');
  const ringing = await gateway.place({to: '+15550100799'});
  await view.shows(ringing, 'ringing');
  await view.page.keyboard.press('j');
  for (const colorScheme of ['light', 'dark'] as const) {
    await view.page.emulateMedia({colorScheme});
    const pale = await view.page.evaluate<string[]>(CONTRAST_BELOW_4_5);
    assert.deepEqual(pale, [], colorScheme);
  }
});

test('status is told by word and shape, not by colour alone', async () => {
  await using gateway = await startGateway();
  await using view = await ConsolePage.live(browser, gateway, {browserContext: {reducedMotion: 'reduce'}});
  const shapes = await view.page.evaluate<
    string[]
  >(`['initiating', 'ringing', 'in-progress', 'completed', 'failed', 'unseen']
    .map((status) => {
      const shape = document.createElement('span');
      shape.className = 'shape';
      const row = document.createElement('p');
      row.dataset.status = status;
      row.append(shape);
      document.body.append(row);
      const {clipPath, borderStyle, borderRadius} = getComputedStyle(shape);
      return [clipPath, borderStyle, borderRadius].join();
    })`);
  assert.equal(new Set(shapes).size, 6);
});

test('the page is a few plain files under a strict policy, and light', async () => {
  await using gateway = await startGateway();
  const files = readdirSync(PUBLIC);
  const weight = files.reduce((sum, file) => sum + gzipSync(readFileSync(path.join(PUBLIC, file))).length, 0);
  assert.ok(weight < 32_000, `${weight} bytes, compressed`);
  for (const file of ['', ...files]) {
    const response = await fetch(`${gateway.url}/${file}`);
    assert.equal(response.status, 200, file);
    assert.match(response.headers.get('content-security-policy') ?? '', /default-src 'self'/);
    assert.equal(response.headers.get('x-content-type-options'), 'nosniff');
  }
  const html = readFileSync(path.join(PUBLIC, 'index.html'), 'utf8');
  assert.doesNotMatch(html, /\sstyle=|\son\w+=|<style|<script(?![^>]* src=)|https?:/);
  assert.doesNotMatch(
    files.map((file) => readFileSync(path.join(PUBLIC, file), 'utf8')).join(''),
    /innerHTML|eval\(/,
  );
});

test('the modules of the page pass the type checker', async () => {
  const tsc = path.join(ROOT, 'node_modules/typescript/bin/tsc');
  const flags =
    '--noEmit --allowJs --checkJs --strict --noUncheckedIndexedAccess --noUnusedLocals --target es2024 ' +
    '--lib es2024,dom,dom.iterable --module nodenext --allowImportingTsExtensions --skipLibCheck --ignoreConfig';
  const modules = [path.join(PUBLIC, 'app.js')];
  await promisify(execFile)(process.execPath, [tsc, ...flags.split(' '), ...modules], {cwd: ROOT});
});

test("[W] the page's table of close codes is the protocol's", () => {
  const codes = Object.values(closeReasons).map(({code}) => code);
  for (const code of [...codes, 1000, 1006, 1011, 4999]) {
    assert.equal(retryAfter(code), protocolRetryAfter(code), String(code));
  }
});

test('delays grow from 0.5 s to 20 s, and are spread', () => {
  for (let attempt = 0; attempt < 2000; attempt += 1) {
    assert.ok(backoffMs(attempt) >= 500 && backoffMs(attempt) <= 20_000);
    assert.ok(backoffMs(attempt, 1) <= backoffMs(attempt + 1, 1));
  }
  assert.deepEqual(
    [backoffMs(0, 0), backoffMs(0, 1), backoffMs(1, 1), backoffMs(99, 1)],
    [500, 1000, 2000, 20_000],
  );
  assert.notEqual(backoffMs(5, 0.2), backoffMs(5, 0.7));
});

/** Texts whose contrast with the nearest background is below WCAG's 4.5 : 1. */
const CONTRAST_BELOW_4_5 = `(() => {
  const parse = (color) => color.match(/[\\d.]+/g).map(Number);
  const luminance = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const background = (element) => {
    for (let at = element; at !== null; at = at.parentElement) {
      const color = parse(getComputedStyle(at).backgroundColor);
      if (color[3] !== 0) return color;
    }
    return [255, 255, 255];
  };
  return [...document.querySelectorAll('body *')].filter((element) =>
    element.checkVisibility() && [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim() !== ''))
    .map((element) => {
      const [a, b] = [luminance(parse(getComputedStyle(element).color)), luminance(background(element))];
      return [(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), element.textContent];
    }).filter(([ratio]) => ratio < 4.5).map(([ratio, text]) => ratio.toFixed(2) + ' ' + text);
})()`;
