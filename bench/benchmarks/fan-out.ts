/** Measures the server's cost to deliver one event to a thousand sessions. */

import type {Benchmark, BenchmarkContext} from '../benchmark.ts';
import {type Cost, FanOutTarget} from '../load/fan-out-target.ts';
import {allowedSessions} from '../load/limits.ts';
import {inRounds} from '../load/rounds.ts';
import {number, type Ratio, ratio, type Section, show, type Table} from '../report/section.ts';
import {type Figure, figure} from '../report/statistics.ts';
import type {SubjectName} from '../servers/subjects.ts';

const SESSIONS = 1000;
const PLANS = {
  single: {size: 1, times: 100, most: 5, budgetS: 45},
  burst: {size: 10, times: 20, most: 5, budgetS: 45},
} as const;
const QUICK = {times: {single: 40, burst: 12}, most: 2, budgetS: 10} as const;
const TARGET_LAST_MS = 20;
const names: readonly SubjectName[] = ['gateway', 'bun', 'ws-encoded', 'ws', 'socket-io'];

type Kind = keyof typeof PLANS;
const kinds = ['single', 'burst'] as const;

/** Ratios that `--quick` checks. None is a target, because the peers neither verify nor store. */
const watched: readonly {readonly kind: Kind; readonly peer: SubjectName}[] = [
  {kind: 'single', peer: 'bun'},
  {kind: 'burst', peer: 'bun'},
  {kind: 'single', peer: 'socket-io'},
  {kind: 'burst', peer: 'socket-io'},
];

export const fanOut: Benchmark = {
  name: 'fan-out',
  deadlineS: 180,
  estimateS: 90,
  peers: true,
  quick: true,
  run,
};

type Costs = Record<Kind, Cost[]>;

async function run({servers, progress, quick}: BenchmarkContext): Promise<Section> {
  const size = Math.min(SESSIONS, Math.floor(allowedSessions(names.length * SESSIONS) / names.length));
  const targets: FanOutTarget[] = [];
  const missing: string[] = [];
  for (const name of names) {
    progress(`opening ${size} sessions on ${name}`);
    try {
      targets.push(await FanOutTarget.open(servers, name, size));
    } catch (error) {
      // Bun has no build for some machines. The other peers are measured there.
      if (name === 'gateway') throw error;
      missing.push(`${name} (${(error as Error).message})`);
    }
  }
  const costs = new Map<SubjectName, Costs>(
    targets.map(({subject}) => [subject.name, {single: [], burst: []}]),
  );
  for (const kind of kinds) {
    const plan = PLANS[kind];
    const times = quick ? QUICK.times[kind] : plan.times;
    progress(`${kind} events, warming up`);
    for (const target of targets) await target.send(times, plan.size);
    await inRounds(quick ? QUICK : plan, async (round) => {
      progress(`${kind} events, round ${round}`);
      for (const target of targets) {
        const cost = await target.send(times, plan.size);
        costs.get(target.subject.name)?.[kind].push(cost);
      }
    });
  }
  for (const target of targets) await target.close();
  const of = (name: SubjectName, kind: Kind, key: keyof Cost = 'cpuUs') =>
    figure((costs.get(name)?.[kind] ?? []).map((cost) => cost[key]));
  const there = watched.filter(({peer}) => costs.has(peer));
  const shareOf = ({kind, peer}: {kind: Kind; peer: SubjectName}) =>
    of('gateway', kind).median / of(peer, kind).median;
  return {
    title: `Fan-out of one event to ${size.toLocaleString('en-US')} sessions`,
    method: [
      `Server CPU per message that a session received, and the time from sending the webhook until the last of ${size.toLocaleString('en-US')} sessions has it.`,
      'The gateway verifies the signature and writes to disk first. The peers verify and store nothing, so the ratios are not targets (for a fair peer see “Cost of one webhook”).',
      'Peers: `ws` with `JSON.stringify` and `send` per session; `ws` with one encoded frame and one write per socket; Socket.IO `emit`; Bun’s native `publish`.',
      'Every server sends the same JSON of about 300 bytes, uncompressed. A burst is ten events: ten webhooks for the gateway, one request for the peers.',
      `The generator needs ${number(of('gateway', 'single', 'clientCpuUs').median)} µs per message. Rounds: ${costs.get('gateway')?.single.length} of ${PLANS.single.times} events, ${costs.get('gateway')?.burst.length} of ${PLANS.burst.times} bursts, alternating.`,
      ...(missing.length > 0 ? [`Not measured here: ${missing.join(', ')}.`] : []),
    ],
    tables: kinds.map((kind) => tableOf(kind, targets, of)),
    targets: [
      {
        goal: `the last session sees a single event within ${TARGET_LAST_MS} ms at the median, fsync included`,
        measured: of('gateway', 'single', 'lastMs').median,
        limit: TARGET_LAST_MS,
        unit: 'ms',
      },
    ],
    ratios: there.map(
      (each): Ratio => ({name: `fan-out ${each.kind} to ${each.peer}`, value: shareOf(each)}),
    ),
  };
}

function tableOf(
  kind: Kind,
  targets: readonly FanOutTarget[],
  of: (name: SubjectName, kind: Kind, key?: keyof Cost) => Figure,
): Table {
  return {
    head: [
      kind === 'single' ? 'single events' : 'bursts of ten',
      'CPU µs per message',
      'user',
      'system',
      'last session, ms',
      'gateway / peer',
    ],
    rows: targets.map(({subject: {name, title}}) => [
      title,
      show(of(name, kind)),
      number(of(name, kind, 'userUs').median),
      number(of(name, kind, 'systemUs').median),
      show(of(name, kind, 'lastMs')),
      name === 'gateway' ? '1' : ratio(of('gateway', kind), of(name, kind)),
    ]),
  };
}
