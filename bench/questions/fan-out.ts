/** What does it cost the server to tell a thousand sessions of an event? */
import {Audience, type Cost} from '../load/audience.ts';
import {allowedSessions} from '../load/limits.ts';
import {inRounds} from '../load/rounds.ts';
import type {Question, Run} from '../question.ts';
import {number, type Ratio, ratio, type Section, show, type Table, type Target} from '../report/section.ts';
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

/** What the gateway may cost, as a share of a peer. */
const limits: readonly {readonly kind: Kind; readonly peer: SubjectName; readonly limit: number}[] = [
  {kind: 'single', peer: 'bun', limit: 1.3},
  {kind: 'burst', peer: 'bun', limit: 1.3},
  {kind: 'single', peer: 'socket-io', limit: 0.55},
  {kind: 'burst', peer: 'socket-io', limit: 1 / 7},
];

/** What profiles said (`perf`, and “Where the time goes” below). */
const inTheWay: Readonly<Record<Kind, string>> = {
  single:
    'some 60 % of the gateway’s time is the kernel’s send itself, the same for all of them; a tenth is what a stream of Node’s does around each ' +
    'write, a twentieth our own bookkeeping. About a quarter is the one webhook, verified, journaled with two fsyncs and read back, of which a peer has ' +
    'nothing; `ws`, encoded once, without it, is what Node can do.',
  burst:
    'a burst is written 1.1 times to each socket. A third of its cost are its ten webhooks, verified and journaled one by one, where a peer gets one ' +
    'request that says ten; half is the kernel’s send.',
};

export const fanOut: Question = {
  name: 'fan-out',
  deadlineS: 180,
  estimateS: 90,
  peers: true,
  quick: true,
  ask,
};

type Costs = Record<Kind, Cost[]>;

async function ask({servers, progress, quick}: Run): Promise<Section> {
  const size = Math.min(SESSIONS, Math.floor(allowedSessions(names.length * SESSIONS) / names.length));
  const audiences: Audience[] = [];
  const missing: string[] = [];
  for (const name of names) {
    progress(`opening ${size} sessions on ${name}`);
    try {
      audiences.push(await Audience.open(servers, name, size));
    } catch (error) {
      // A machine that Bun has no build for is measured against the others.
      if (name === 'gateway') throw error;
      missing.push(`${name} (${(error as Error).message})`);
    }
  }
  const costs = new Map<SubjectName, Costs>(
    audiences.map(({subject}) => [subject.name, {single: [], burst: []}]),
  );
  for (const kind of kinds) {
    const plan = PLANS[kind];
    const times = quick ? QUICK.times[kind] : plan.times;
    progress(`${kind} events, warming up`);
    for (const audience of audiences) await audience.send(times, plan.size);
    await inRounds(quick ? QUICK : plan, async (round) => {
      progress(`${kind} events, round ${round}`);
      for (const audience of audiences) {
        const cost = await audience.send(times, plan.size);
        costs.get(audience.subject.name)?.[kind].push(cost);
      }
    });
  }
  for (const audience of audiences) await audience.close();
  const of = (name: SubjectName, kind: Kind, key: keyof Cost = 'cpuUs') =>
    figure((costs.get(name)?.[kind] ?? []).map((cost) => cost[key]));
  const there = limits.filter(({peer}) => costs.has(peer));
  const shareOf = ({kind, peer}: {kind: Kind; peer: SubjectName}) =>
    of('gateway', kind).median / of(peer, kind).median;
  return {
    title: `An event to ${size.toLocaleString('en-US')} sessions`,
    compared: [
      `CPU time of the server process, all threads, for each message that one of ${size.toLocaleString('en-US')} sessions received, and milliseconds`,
      'from writing the webhook until the last of them had it. The gateway verifies a signed webhook, writes it to disk and',
      'then tells; the peers believe any request, store nothing, and tell: `ws` with one `JSON.stringify` and `send` to each,',
      '`ws` with the frame encoded once and one write a socket, Socket.IO with `emit`, Bun with its native `publish`.',
      'Everybody sends the same JSON, about 300 bytes, uncompressed. Bursts are ten events: ten webhooks at once for the',
      'gateway, one request that says ten for the peers, which is better for them.',
      `Reading headers and counting costs the generator ${number(of('gateway', 'single', 'clientCpuUs').median)} µs a message.`,
      `Rounds: ${costs.get('gateway')?.single.length} of ${PLANS.single.times} events, ${costs.get('gateway')?.burst.length} of ${PLANS.burst.times} bursts, in turn.`,
      ...(missing.length > 0 ? [`Missing here: ${missing.join(', ')}.`] : []),
    ],
    tables: kinds.map((kind) => tableOf(kind, audiences, of)),
    targets: [
      ...there.map(
        (limit): Target => ({
          wanted: `${limit.kind === 'single' ? 'single events' : 'bursts of ten'} cost at most ${number(limit.limit)} × ${limit.peer}`,
          measured: shareOf(limit),
          limit: limit.limit,
          unit: '×',
          inTheWay: inTheWay[limit.kind],
        }),
      ),
      {
        wanted: `the last session sees a single event within ${TARGET_LAST_MS} ms at the median, fsync included`,
        measured: of('gateway', 'single', 'lastMs').median,
        limit: TARGET_LAST_MS,
        unit: 'ms',
      },
    ],
    ratios: there.map(
      (limit): Ratio => ({name: `fan-out ${limit.kind} to ${limit.peer}`, value: shareOf(limit)}),
    ),
  };
}

function tableOf(
  kind: Kind,
  audiences: readonly Audience[],
  of: (name: SubjectName, kind: Kind, key?: keyof Cost) => Figure,
): Table {
  return {
    head: [
      kind === 'single' ? 'single events' : 'bursts of ten',
      'CPU µs per message',
      'user',
      'system',
      'last, ms',
      'gateway to it',
    ],
    rows: audiences.map(({subject: {name, title}}) => [
      title,
      show(of(name, kind)),
      number(of(name, kind, 'userUs').median),
      number(of(name, kind, 'systemUs').median),
      show(of(name, kind, 'lastMs')),
      name === 'gateway' ? '1' : ratio(of('gateway', kind), of(name, kind)),
    ]),
  };
}
