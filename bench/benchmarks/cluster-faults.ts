/** Measures how long sessions and callbacks have no service when a part of a cluster fails. */

import type {Benchmark, BenchmarkContext} from '../benchmark.ts';
import {type Answers, FaultWorld} from '../cluster/fault-world.ts';
import {type SkewedClocks, skewClocks} from '../cluster/faults/clock-skew.ts';
import {type SilentListener, silenceListener} from '../cluster/faults/listener-silent.ts';
import {takeConnections} from '../cluster/faults/no-connections.ts';
import {type KilledNode, killNode} from '../cluster/faults/node-killed.ts';
import {restartPostgres} from '../cluster/faults/postgres-restarted.ts';
import type {Recovery} from '../cluster/faults/recovery.ts';
import {allowedSessions} from '../load/limits.ts';
import {number, type Section, show, type Table, type Target} from '../report/section.ts';
import {type Figure, figure} from '../report/statistics.ts';
import {sharedCores} from '../servers/cores.ts';

const NODES = 3;
const SESSIONS = 1000;
const PER_SECOND = 30;
const ROUNDS = 3;
const KILLED_TARGET_S = 10;
const BACK_TARGET_S = 5;
const DELAY_TARGET_MS = 1000;
const REPLACED_TARGET_S = 15;

export const clusterFaults: Benchmark = {name: 'cluster-faults', deadlineS: 200, estimateS: 75, run};

/** The rounds of one fault. */
interface FaultRounds<Result> {
  readonly rounds: readonly Result[];
  readonly answers: Answers;
}

interface Measured {
  readonly sessions: number;
  readonly listener: FaultRounds<SilentListener>;
  readonly clocks: FaultRounds<SkewedClocks>;
  readonly killed: FaultRounds<KilledNode>;
  readonly restarted: FaultRounds<Recovery>;
  readonly disconnected: FaultRounds<Recovery>;
}

async function run({servers, progress}: BenchmarkContext): Promise<Section> {
  // A session can hold two descriptors for a moment while it reconnects.
  const sessions = Math.min(SESSIONS, allowedSessions(2 * SESSIONS) >> 1);
  progress(`opening ${sessions} sessions at ${NODES} nodes`);
  const world = await FaultWorld.open({servers, nodes: NODES, sessions, perSecond: PER_SECOND});
  const strike = async <Result>(
    what: string,
    rounds: number,
    fault: (round: number) => Promise<Result>,
  ): Promise<FaultRounds<Result>> => {
    const {result, answers} = await world.countResponses(async () => {
      const results: Result[] = [];
      while (results.length < rounds) {
        progress(`${what}, round ${results.length + 1}`);
        results.push(await fault(results.length));
        await world.check();
      }
      return results;
    });
    progress(`${what}: ${answers.unavailable} × 503, ${answers.none} × no response`);
    return {rounds: result, answers};
  };
  const listener = await strike('LISTEN goes silent', 1, () => silenceListener(world));
  const clocks = await strike('clocks differ', 1, () => skewClocks(world));
  const killed = await strike('a node is killed', ROUNDS, (round) => killNode(world, round % NODES));
  const restarted = await strike('Postgres is restarted', ROUNDS, () => restartPostgres(world));
  const disconnected = await strike('no connections', ROUNDS, () => takeConnections(world));
  await world.close();
  return sectionOf({
    sessions,
    listener,
    clocks,
    killed,
    restarted,
    disconnected,
  });
}

/** The result of a fault that is injected once. */
function only<Result>({rounds: [result]}: FaultRounds<Result>): Result {
  if (result === undefined) throw new Error('nothing was measured');
  return result;
}

const seconds = (milliseconds: readonly number[]): Figure => figure(milliseconds.map((ms) => ms / 1000));

function sectionOf(measured: Measured): Section {
  const {sessions} = measured;
  return {
    title: 'Recovery of three nodes from faults',
    method: [
      `Three gateways on one Postgres (fsync on), ${sessions.toLocaleString('en-US')} sessions split evenly, about ${PER_SECOND} callbacks/s at the nodes in turn. ${sharedCores()}`,
      'A callback without a 204 is retried after 0.1 s. A disconnected session connects to another node at once, and to the next one every 0.25 s.',
      'After each fault, every session must have resumed and received exactly the journal’s events, in order. Every accepted callback must be in the journal once. Only 204, 503 or no response (node killed) are allowed.',
      '“Service restored”: the last session has reconnected, or the first callback is accepted. “Caught up”: every session has all events that were in the journal at that moment.',
    ],
    tables: [recoveryTable(measured), listenerTable(measured.listener), clocksTable(measured.clocks)],
    targets: targetsOf(measured),
  };
}

function recoveryTable({killed, restarted, disconnected}: Measured): Table {
  const recovery = (what: string, {rounds, answers}: FaultRounds<Recovery>) => [
    what,
    '0',
    show(seconds(rounds.map(({firstMs}) => firstMs))),
    show(seconds(rounds.map(({caughtUpMs}) => caughtUpMs))),
    String(answers.unavailable),
    String(answers.none),
  ];
  const {rounds, answers} = killed;
  return {
    head: [
      `fault (${ROUNDS} rounds each)`,
      'sessions disconnected',
      'service restored, s',
      'caught up, s',
      '503 responses',
      'no response',
    ],
    rows: [
      [
        '`kill -9` of a node, from the kill',
        rounds.map((round) => round.sessions).join(', '),
        show(seconds(rounds.map(({reconnectedMs}) => reconnectedMs))),
        show(seconds(rounds.map(({caughtUpMs}) => caughtUpMs))),
        String(answers.unavailable),
        String(answers.none),
      ],
      recovery('Postgres stopped with `-m immediate`, from its restart', restarted),
      recovery('no connections left (`max_connections`), from their release', disconnected),
    ],
  };
}

function listenerTable(struck: FaultRounds<SilentListener>): Table {
  const {events, beforeMaxMs, p50Ms, maxMs, replacedMs} = only(struck);
  return {
    head: ['LISTEN connection of one node silent', 'before', 'during'],
    rows: [
      ['event delay at that node, median, ms', '', number(p50Ms)],
      ['maximum, ms', number(beforeMaxMs), number(maxMs)],
      ['events', '', String(events)],
      ['connection replaced after, s', '', number(replacedMs / 1000)],
      ['503 or no response', '', String(refused(struck.answers))],
    ],
  };
}

function refused({unavailable, none}: Answers): number {
  return unavailable + none;
}

function clocksTable(struck: FaultRounds<SkewedClocks>): Table {
  const {events, p50Ms, p99Ms, backwards, late} = only(struck);
  return {
    head: ['clocks 5 min behind, correct, 5 min ahead', 'figure'],
    rows: [
      ['events', String(events)],
      ['delay between the nodes’ sessions, median, ms', number(p50Ms)],
      ['p99, ms', number(p99Ms)],
      ['entries dated a minute or more before the previous entry', String(backwards)],
      ['entries recorded as late', String(late)],
      ['503 or no response', String(refused(struck.answers))],
      ['missing, duplicate or out of order', '0'],
    ],
  };
}

function targetsOf({killed, restarted, disconnected, ...measured}: Measured): readonly Target[] {
  const listener = only(measured.listener);
  const worst = (struck: FaultRounds<{readonly caughtUpMs: number}>) =>
    seconds(struck.rounds.map(({caughtUpMs}) => caughtUpMs)).max;
  return [
    {
      goal: `node killed: its sessions are caught up elsewhere within ${KILLED_TARGET_S} s, worst round`,
      measured: worst(killed),
      limit: KILLED_TARGET_S,
      unit: 's',
    },
    {
      goal: `Postgres restarted: caught up within ${BACK_TARGET_S} s, only 503s, worst round`,
      measured: worst(restarted),
      limit: BACK_TARGET_S,
      unit: 's',
    },
    {
      goal: `no connections: caught up within ${BACK_TARGET_S} s after their release, only 503s, worst round`,
      measured: worst(disconnected),
      limit: BACK_TARGET_S,
      unit: 's',
    },
    {
      goal: `silent LISTEN: events are delayed by at most ${DELAY_TARGET_MS} ms`,
      measured: listener.maxMs,
      limit: DELAY_TARGET_MS,
      unit: 'ms',
    },
    {
      goal: `silent LISTEN: connection replaced within ${REPLACED_TARGET_S} s`,
      measured: listener.replacedMs / 1000,
      limit: REPLACED_TARGET_S,
      unit: 's',
    },
  ];
}
