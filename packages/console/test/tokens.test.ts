/** The contrast of the colors, in light and dark. */
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import path from 'node:path';
import {test} from 'node:test';

const css = readFileSync(path.join(import.meta.dirname, '../src/tokens.css'), 'utf8');
const colors = new Map(
  [...css.matchAll(/--([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)/g)].map(
    ([, name = '', light = '', dark = '']) => [name, {light, dark}] as const,
  ),
);

const TEXTS = ['text', 'text-muted', 'text-faint', 'accent', 'good', 'warning', 'bad'];
const STATUSES = ['initiating', 'ringing', 'in-progress', 'completed', 'failed'].map(
  (name) => `status-${name}`,
);
const SURFACES = ['page', 'surface', 'surface-hover', 'surface-sunken', 'surface-selected'];

for (const scheme of ['light', 'dark'] as const) {
  test(`${scheme}: every text has a contrast of 4.5 : 1 on every surface`, () => {
    for (const text of [...TEXTS, ...STATUSES])
      for (const surface of SURFACES) atLeast(4.5, text, surface, scheme);
    for (const tone of ['good', 'warning', 'bad']) atLeast(4.5, tone, `${tone}-soft`, scheme);
    atLeast(4.5, 'on-accent', 'accent', scheme);
    atLeast(4.5, 'on-accent', 'accent-hover', scheme);
    atLeast(4.5, 'on-bad-solid', 'bad-solid', scheme);
  });

  test(`${scheme}: the outline of a field has a contrast of 3 : 1`, () => {
    for (const surface of ['page', 'surface']) atLeast(3, 'line-strong', surface, scheme);
  });
}

function atLeast(least: number, text: string, surface: string, scheme: 'light' | 'dark'): void {
  const [a, b] = [luminance(color(text, scheme)), luminance(color(surface, scheme))];
  const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  assert.ok(ratio >= least, `${text} on ${surface}: ${ratio.toFixed(2)}`);
}

function color(name: string, scheme: 'light' | 'dark'): string {
  const found = colors.get(name);
  assert.ok(found, `there is no --${name}`);
  return found[scheme];
}

/** WCAG 2.2, relative luminance. */
function luminance(hex: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5]
    .map((at) => Number.parseInt(hex.slice(at, at + 2), 16) / 255)
    .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
