/** The figures of docs/SCALING.md: parts of it are made here, between two comments, and nothing in them is typed. */
import {type Chart, niceTicks} from '../report/chart.ts';
import {number, type Table, tableMarkdown, wrap} from '../report/section.ts';
import {figure} from '../report/statistics.ts';
import type {AcrossFigures, NodeFigures} from './benchmark-figures.ts';
import {acrossTable, costTable, endTable, PLANNED_ACK_MS} from './comparison.ts';
import {type Costs, heldMs} from './costs.ts';
import {cases, demands, EVENTS_PER_CALL} from './demands.ts';
import type {GroupMeasurement} from './measured.ts';
import {mostPerSecond, openLoad} from './model.ts';
import {type Demand, margins, type NodePlan, type Plan, planPostgres, planSqlite, tellUs} from './sizing.ts';

export interface Basis {
  readonly costs: Costs;
  readonly figures: NodeFigures;
  /** What was measured of the way from node to node, if it was. */
  readonly across: readonly AcrossFigures[];
  /** Cores that the nodes had together when that was measured. @default one each */
  readonly nodeCores?: number;
  /** Day of the run that the costs are from. */
  readonly measuredOn: string;
  /** Of that run: says how far the fit is to be believed. */
  readonly groups: readonly GroupMeasurement[];
}

const NODE_COUNTS = [1, 2, 3, 4, 8, 16];
const CHART_NODES = [2, 4, 8];
const POINTS_PER_TICK = 4;
/** A group that is further off than this is not what it was measured as on a quiet machine. */
const DOUBTFUL_PERCENT = 30;

/** By the name of the part. */
export function parts(basis: Basis): Readonly<Record<string, string>> {
  return {
    costs: [origin(basis), tableMarkdown(costTable(basis.costs))].join('\n\n'),
    across: acrossMarkdown(basis),
    ends: tableMarkdown(endTable(basis.costs, NODE_COUNTS)),
    sizing: tableMarkdown(sizingTable(basis, demands)),
    cases: casesMarkdown(basis),
  };
}

/** `document` with what is between its comments replaced. @throws Error — a part has no place in it */
export function withParts(document: string, made: Readonly<Record<string, string>>): string {
  return Object.entries(made).reduce((text, [name, content]) => {
    const [begin, end] = [`<!-- made: ${name} -->`, `<!-- end: ${name} -->`];
    const [from, to] = [text.indexOf(begin), text.indexOf(end)];
    if (from === -1 || to < from) throw new Error(`docs/SCALING.md has no place for ${name}`);
    return `${text.slice(0, from)}${begin}\n\n${content}\n\n${text.slice(to)}`;
  }, document);
}

/** The mean answer against the rate, as the model has it. */
export function answerChart({costs}: Basis): Chart {
  const most = Math.max(...CHART_NODES.map((nodes) => mostPerSecond(costs, {nodes}).perSecond));
  const [, tick = most] = niceTicks(most);
  const step = tick / POINTS_PER_TICK;
  const rates = Array.from({length: Math.floor(most / step)}, (_, place) => (place + 1) * step);
  const series = CHART_NODES.map((nodes) => ({
    name: `${nodes} nodes`,
    points: rates.flatMap((perSecond) => {
      const ackMs = openLoad(costs, {nodes, perSecond})?.ackMs ?? Number.POSITIVE_INFINITY;
      return ackMs <= 2 * PLANNED_ACK_MS ? [{x: perSecond, y: ackMs}] : [];
    }),
  }));
  return {
    name: 'scaling-answers',
    title: 'One journal: the answer to a webhook against what comes in',
    x: 'webhooks a second, at all nodes together',
    y: 'milliseconds until answered, mean',
    series,
    scale: 'linear',
  };
}

function origin({figures, measuredOn, costs, groups}: Basis): string {
  const off = figure(groups.map(({size, lockedMs}) => 100 * Math.abs(heldMs(costs, size) / lockedMs - 1)));
  const doubt =
    off.max > DOUBTFUL_PERCENT ? ' **The machine was busy with something else: measure again.**' : '';
  return wrap(
    `Fitted to what \`npm run bench -- --write\` measured of several nodes on ${measuredOn}; figures of one node and of sessions are those ` +
      `of [BENCHMARKS.md](BENCHMARKS.md) of ${figures.date} (${figures.machine}). Groups of all sizes are met within ` +
      `${number(off.median)} % at the median and ${number(off.max)} % at most.${doubt}`,
  );
}

function acrossMarkdown({costs, figures, across, nodeCores}: Basis): string {
  if (across.length === 0) return 'BENCHMARKS.md has no figures of it yet.';
  // One session at each node is told.
  const tellUs = figures.messageUs;
  return tableMarkdown(acrossTable(costs, across, {tellUs, ...(nodeCores === undefined ? {} : {nodeCores})}));
}

export function sizingTable({costs, figures}: Basis, rows: readonly Demand[]): Table {
  return {
    head: [
      'events/s',
      'sessions',
      'told of each',
      'one node on SQLite',
      'nodes',
      'because of',
      'thread, %',
      'answer, ms',
      'Postgres, cores',
      'connections',
      'MB a node',
    ],
    rows: rows.map((demand) => {
      const sqlite = planSqlite(figures, demand);
      const plan = planPostgres(costs, figures, demand);
      return [
        whole(demand.perSecond),
        whole(demand.sessions),
        whole(demand.audience),
        sqlite.fits ? `does (${percent(sqlite.threadShare)} %)` : '–',
        ...(plan === undefined ? Array.from({length: 7}, () => '–') : planCells(plan)),
      ];
    }),
  };
}

function planCells({journals, each}: Plan): string[] {
  const times = journals === 1 ? '' : `${journals} × `;
  return [
    `${times}${each.nodes}`,
    journals === 1 ? each.limit : 'the end of a journal',
    percent(each.threadShare),
    number(each.ackMs),
    `${times}${number(each.postgresCores)}`,
    `${times}${each.connections}`,
    whole(each.memoryBytes / 1_000_000),
  ];
}

function casesMarkdown({costs, figures}: Basis): string {
  return cases
    .map(({name, story, demand}) => {
      const plan = planPostgres(costs, figures, demand);
      const sqlite = planSqlite(figures, demand);
      const sentences = [
        `**${name}**: ${story}.`,
        arithmetic(figures, demand),
        sqlite.fits
          ? `One node on SQLite does it, at ${percent(sqlite.threadShare)} % of its thread.`
          : `One node on SQLite would be at ${percent(sqlite.threadShare)} % of its thread, and ${margins.threadShare * 100} % are planned.`,
        plan === undefined ? 'No number of journals does it.' : planSentence(plan),
      ];
      return wrap(`- ${sentences.join(' ')}`);
    })
    .join('\n');
}

function arithmetic(figures: NodeFigures, demand: Demand): string {
  const {perSecond, audience} = demand;
  const messageUs = tellUs(figures, {...demand, entries: 1}) / Math.max(1, audience);
  const calls = (perSecond / EVENTS_PER_CALL) * 3600;
  return (
    `That is ${whole(perSecond)} events a second (${whole(calls)} calls an hour at ${EVENTS_PER_CALL} each) and ${whole(perSecond * audience)} messages a second, ` +
    `${number((perSecond * figures.webhookUs) / 1_000_000)} cores for the webhooks and ${number((perSecond * audience * messageUs) / 1_000_000)} for messages that go out one by one.`
  );
}

function planSentence({journals, each}: Plan): string {
  const {nodes, limit, threadShare, ackMs, postgresCores, connections} = each;
  const why: Readonly<Record<NodePlan['limit'], string>> = {
    'one is enough': 'one does it, and the other is for when it goes',
    sessions: `${whole(margins.sessionsPerNode)} sessions a node are planned`,
    'CPU of a node': 'the CPU of a node comes to its end first',
    'the head': 'the queue for the head comes to its end first',
  };
  const where = journals === 1 ? 'On one Postgres' : `On ${journals} journals, each with its share,`;
  return (
    `${where} it takes ${nodes} nodes${journals === 1 ? '' : ' each'}: ${why[limit]}. With one of them gone, a thread works ${percent(threadShare)} % of its time and a webhook is ` +
    `answered in ${number(ackMs)} ms at the mean; Postgres uses ${number(postgresCores)} cores and ${connections} connections.`
  );
}

function whole(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

function percent(share: number): string {
  return number(share * 100);
}
