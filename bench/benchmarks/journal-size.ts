/** Measures the start and the history queries with a journal of a million calls. */

import type {Benchmark, BenchmarkContext} from '../benchmark.ts';
import {numberOf, seedCalls} from '../load/seed-journal.ts';
import {exponent, growthSentence} from '../report/growth.ts';
import {number, type Section, show} from '../report/section.ts';
import {type Figure, figure} from '../report/statistics.ts';
import {ACCESS_KEY} from '../servers/servers.ts';

const SIZES = [10_000, 100_000, 300_000, 1_000_000];
const STARTS = 3;
const QUERIES = 15;
const TARGET_START_MS = 2000;
const TARGET_PAGE_MS = 20;

export const journalSize: Benchmark = {name: 'journal-size', deadlineS: 600, estimateS: 200, run};

const queries = ['first page', 'by outcome', 'by number', 'unknown number'] as const;
type Query = (typeof queries)[number];

interface Step {
  readonly size: number;
  readonly startMs: Figure;
  readonly queryMs: Readonly<Record<Query, Figure>>;
}

async function run({servers, progress}: BenchmarkContext): Promise<Section> {
  const folder = servers.folder();
  const steps: Step[] = [];
  let written = 0;
  for (const size of SIZES) {
    progress(`writing up to ${size.toLocaleString('en-US')} calls`);
    await seedCalls(folder, written, size);
    written = size;
    progress('starting');
    const startMs: number[] = [];
    for (let start = 0; start < STARTS; start += 1) {
      const server = await servers.gateway({folder, probed: false});
      startMs.push(server.readyMs);
      await server.stop();
    }
    progress('querying the history');
    const server = await servers.gateway({folder, probed: false});
    const queryMs = {} as Record<Query, Figure>;
    for (const query of queries) queryMs[query] = await timeQuery(server.port, pathOf(query, size));
    await server.stop();
    steps.push({size, startMs: figure(startMs), queryMs});
  }
  const last = steps.at(-1);
  if (last === undefined) throw new Error('nothing was measured');
  const points = (of: (step: Step) => number) => steps.map((step) => ({x: step.size, y: of(step)}));
  const ofQuery = (query: Query) => points(({queryMs}) => queryMs[query].median);
  return {
    title: `A journal of ${last.size.toLocaleString('en-US')} calls`,
    method: [
      `Start: from spawning the process to the first 200 of \`/readyz\`, ${STARTS} starts.`,
      `History: \`GET /api/calls\`, median of ${QUERIES} requests: the first page, one outcome, the number of one old call, and an unknown number.`,
      'Each call has one entry, its last status. Files are in the page cache.',
    ],
    tables: [
      {
        head: ['calls', 'start, ms', ...queries.map((query) => `${query}, ms`)],
        rows: steps.map(({size, startMs, queryMs}) => [
          size.toLocaleString('en-US'),
          show(startMs),
          ...queries.map((query) => number(queryMs[query].median)),
        ]),
      },
    ],
    targets: [
      {
        goal: 'ready within 2 s with 1 M entries',
        measured: last.startMs.median,
        limit: TARGET_START_MS,
        unit: 'ms',
      },
      {
        goal: 'first page of history within 20 ms with 1 M calls',
        measured: last.queryMs['first page'].median,
        limit: TARGET_PAGE_MS,
        unit: 'ms',
      },
    ],
    charts: [
      {
        chart: {
          name: 'start',
          title: 'Start by journal size',
          x: 'entries',
          y: 'milliseconds until ready',
          series: [{name: 'gateway', points: points(({startMs}) => startMs.median)}],
          scale: 'linear',
        },
        growth: growthSentence(
          points(({startMs}) => startMs.median),
          'whole',
        ),
      },
      {
        chart: {
          name: 'history',
          title: 'History queries by journal size',
          x: 'calls',
          y: 'median of a query, ms',
          series: queries.map((query) => ({name: query, points: ofQuery(query)})),
          scale: 'linear',
        },
        growth: `Exponents of the growth (1 is linear): ${queries.map((query) => `${query} ${exponent(ofQuery(query)).toFixed(2)}`).join(', ')}.`,
      },
    ],
  };
}

function pathOf(query: Query, size: number): string {
  switch (query) {
    case 'first page':
      return '/api/calls';
    case 'by outcome':
      return '/api/calls?outcome=busy';
    case 'by number':
      return `/api/calls?q=${encodeURIComponent(numberOf(Math.floor(size / 3)))}`;
    case 'unknown number':
      return `/api/calls?q=${encodeURIComponent('+33123456789')}`;
  }
}

async function timeQuery(port: number, path: string): Promise<Figure> {
  const times: number[] = [];
  for (let index = 0; index <= QUERIES; index += 1) {
    const startedAt = performance.now();
    const response = await fetch(`http://127.0.0.1:${port}${path}`, {
      headers: {Authorization: `Bearer ${ACCESS_KEY}`},
    });
    await response.text();
    if (response.status !== 200) throw new Error(`${path} was answered ${response.status}`);
    // The first request warms up.
    if (index > 0) times.push(performance.now() - startedAt);
  }
  return figure(times);
}
