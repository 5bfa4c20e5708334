import assert from 'node:assert/strict';
import {test} from 'node:test';
import {baselineOf, compareWithBaseline} from './baseline.ts';
import {type Chart, chartSvg, describe, niceTicks} from './chart.ts';
import {exponent, growthSentence} from './growth.ts';
import {contents} from './report.ts';
import {sectionMarkdown, targetMarkdown} from './section.ts';
import {figure, percentile} from './statistics.ts';

const chart: Chart = {
  name: 'curve',
  title: 'Cost <of> "it" & more',
  x: 'sessions',
  y: 'µs',
  scale: 'logarithmic',
  series: [
    {
      name: 'gateway',
      points: [
        {x: 100, y: 2},
        {x: 10_000, y: 8},
      ],
    },
  ],
};

test('a figure has a median and a range, and a percentile is one of the values', () => {
  assert.deepEqual(figure([9, 1, 5]), {median: 5, min: 1, max: 9});
  assert.equal(percentile([1, 2, 3, 4], 0.99), 4);
  assert.ok(Number.isNaN(percentile([], 0.5)));
});

test('the exponent distinguishes linear from quadratic growth and ignores zeros', () => {
  const squares = [0, 1, 2, 4, 8].map((x) => ({x, y: x * x}));
  assert.ok(Math.abs(exponent(squares) - 2) < 1e-9);
  assert.match(growthSentence(squares, 'whole'), /\*\*faster than linearly\*\*/);
  const flat = [1, 10, 100].map((x) => ({x, y: 3}));
  assert.match(growthSentence(flat, 'unit'), /grows linearly/);
  assert.match(growthSentence(flat, 'whole'), /slower/);
  assert.match(growthSentence(flat.slice(1, 2), 'whole'), /Too few points/);
});

test('ticks are round, start at 0 and cover the largest value', () => {
  assert.deepEqual(niceTicks(9), [0, 2.5, 5, 7.5, 10]);
  assert.deepEqual(niceTicks(0), [0, 1]);
  for (const highest of [0.03, 1, 7.2, 999, 1e6]) assert.ok((niceTicks(highest).at(-1) ?? 0) >= highest);
});

test('a chart is an SVG for light and dark themes, with escaped texts and a text alternative', () => {
  const svg = chartSvg(chart);
  assert.match(svg, /^<svg xmlns=[^>]*viewBox="0 0 720 360" role="img"/);
  assert.match(svg, /prefers-color-scheme: dark/);
  assert.match(svg, /Cost &lt;of&gt; &quot;it&quot; &amp; more/);
  assert.doesNotMatch(svg, /NaN|undefined/);
  assert.equal(svg.match(/<circle/g)?.length, 2);
  assert.match(describe(chart), /gateway: 2\.00 at 100, 8\.00 at 10,000/);
});

test('a chart of a single point is drawn', () => {
  const one = {...chart, series: [{name: 'gateway', points: [{x: 5, y: 0}]}]};
  assert.doesNotMatch(chartSvg(one), /NaN|Infinity/);
});

test('a missed target shows by how much, on either side, and NaN misses it', () => {
  const target = {goal: 'fast', measured: 12, limit: 10, unit: 'ms'};
  assert.match(targetMarkdown(target), /Measured 12\.0 ms: \*\*missed\*\* by 20\.0 %/);
  const cause = 'the kernel';
  assert.match(targetMarkdown({...target, cause}), /by 20\.0 %\. Cause: the kernel$/);
  assert.doesNotMatch(targetMarkdown({...target, side: 'at least', cause}), /Cause/);
  assert.match(targetMarkdown({...target, side: 'at least'}), /: met\./);
  assert.match(targetMarkdown({...target, measured: Number.NaN}), /missed/);
  assert.match(targetMarkdown({...target, measured: 0, limit: 0}), /: met\./);
});

test('a section has its method, tables, charts and targets in this order', () => {
  const text = sectionMarkdown({
    title: 'A benchmark',
    method: ['How it was measured.'],
    tables: [{head: ['who', 'ms'], rows: [['gateway', '1.00']]}],
    targets: [{goal: 'fast', measured: 1, limit: 2, unit: 'ms'}],
    charts: [{chart, growth: 'It grows linearly.'}],
  });
  const order = [
    '## A benchmark',
    'How it was',
    '| gateway | 1.00 |',
    '(images/bench-curve.svg)',
    'linearly',
    '- Target',
  ];
  const places = order.map((part) => text.indexOf(part));
  assert.ok(places.every((place) => place >= 0));
  assert.deepEqual(
    places,
    places.toSorted((a, b) => a - b),
  );
});

test('the baseline tolerates noise, but no worse and no missing ratio', () => {
  const baseline = {
    ...baselineOf(
      [
        {name: 'a', value: 1},
        {name: 'b', value: 0.5},
      ],
      '2026-01-01',
      'v26',
    ),
    tolerance: 0.2,
  };
  assert.deepEqual(
    compareWithBaseline(
      [
        {name: 'a', value: 1.19},
        {name: 'b', value: 0.1},
      ],
      baseline,
    ).worse,
    [],
  );
  assert.deepEqual(compareWithBaseline([{name: 'a', value: 1.21}], baseline).worse, ['a', 'b']);
  const odd = compareWithBaseline(
    [
      {name: 'a', value: Number.NaN},
      {name: 'b', value: 0.5},
      {name: 'c', value: 9},
    ],
    baseline,
  );
  assert.deepEqual(odd.worse, ['a']);
  assert.match(odd.lines.join('\n'), /new {3}c: 9\.00/);
});

test('the table of contents has anchors as GitHub makes them', () => {
  assert.equal(
    contents([{title: '500 events/s to 1,000 sessions'}, {title: 'Latency across nodes'}]),
    'Sections:\n\n- [500 events/s to 1,000 sessions](#500-eventss-to-1000-sessions)\n' +
      '- [Latency across nodes](#latency-across-nodes)\n',
  );
});
