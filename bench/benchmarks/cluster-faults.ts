/** How long are sessions and callbacks without service when something of several nodes breaks? */

import type {Benchmark, Run} from '../benchmark.ts';
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

export const clusterFaults: Benchmark = {name: 'cluster-faults', deadlineS: 200, estimateS: 75, ask};

/** Rounds of one fault. */
interface Struck<Result> {
  readonly rounds: readonly Result[];
  readonly answers: Answers;
}

interface Measured {
  readonly sessions: number;
  readonly listener: Struck<SilentListener>;
  readonly clocks: Struck<SkewedClocks>;
  readonly killed: Struck<KilledNode>;
  readonly restarted: Struck<Recovery>;
  readonly unconnected: Struck<Recovery>;
}

async function ask({servers, progress}: Run): Promise<Section> {
  // Each session has a descriptor here, and for a moment two.
  const sessions = Math.min(SESSIONS, allowedSessions(2 * SESSIONS) >> 1);
  progress(`opening ${sessions} sessions at ${NODES} nodes`);
  const world = await FaultWorld.open({servers, nodes: NODES, sessions, perSecond: PER_SECOND});
  const strike = async <Result>(
    what: string,
    rounds: number,
    fault: (round: number) => Promise<Result>,
  ): Promise<Struck<Result>> => {
    const {result, answers} = await world.counting(async () => {
      const results: Result[] = [];
      while (results.length < rounds) {
        progress(`${what}, round ${results.length + 1}`);
        results.push(await fault(results.length));
        await world.check();
      }
      return results;
    });
    progress(`${what}: ${answers.unavailable} times 503, ${answers.none} times no answer`);
    return {rounds: result, answers};
  };
  const listener = await strike('LISTEN goes silent', 1, () => silenceListener(world));
  const clocks = await strike('clocks differ', 1, () => skewClocks(world));
  const killed = await strike('a node is killed', ROUNDS, (round) => killNode(world, round % NODES));
  const restarted = await strike('Postgres is restarted', ROUNDS, () => restartPostgres(world));
  const unconnected = await strike('no connections', ROUNDS, () => takeConnections(world));
  await world.close();
  return sectionOf({
    sessions,
    listener,
    clocks,
    killed,
    restarted,
    unconnected,
  });
}

/** Of a fault that is struck once. */
function only<Result>({rounds: [result]}: Struck<Result>): Result {
  if (result === undefined) throw new Error('nothing was measured');
  return result;
}

const seconds = (milliseconds: readonly number[]): Figure => figure(milliseconds.map((ms) => ms / 1000));

function sectionOf(measured: Measured): Section {
  const {sessions} = measured;
  return {
    title: 'When something of several nodes breaks',
    compared: [
      `Three gateways on one Postgres (fsync on), ${sessions.toLocaleString('en-US')} sessions in equal parts at each, which are told of everything, and about ${PER_SECOND} callbacks a`,
      'second at the nodes in turn; one that gets no 204 is brought again after 0.1 s. A session that is cut off comes back to another node at',
      'once, those of one node half to each, and tries the one after it 0.25 s later. After each fault every session has to have been told of exactly what the journal holds:',
      'nothing missed, nothing twice, in order, each resumed where it was; and all callbacks that were taken have to be there, once.',
      'No answer may be other than 204, 503 or none (the node was gone); otherwise there is no figure.',
      '“Served again” is when the last session was let in elsewhere, or the first callback was taken.',
      `“Level” is when every session was told of all that the journal held when the last one was back. ${sharedCores()}`,
    ],
    tables: [recoveryTable(measured), listenerTable(measured.listener), clocksTable(measured.clocks)],
    targets: targetsOf(measured),
  };
}

function recoveryTable({killed, restarted, unconnected}: Measured): Table {
  const recovery = (what: string, {rounds, answers}: Struck<Recovery>) => [
    what,
    '0',
    show(seconds(rounds.map(({firstMs}) => firstMs))),
    show(seconds(rounds.map(({levelMs}) => levelMs))),
    String(answers.unavailable),
    String(answers.none),
  ];
  const {rounds, answers} = killed;
  return {
    head: [
      `${ROUNDS} times each`,
      'sessions cut off',
      'served again, s',
      'level, s',
      'answers 503',
      'no answer',
    ],
    rows: [
      [
        '`kill -9` of a node: since then',
        rounds.map((round) => round.sessions).join(', '),
        show(seconds(rounds.map(({elsewhereMs}) => elsewhereMs))),
        show(seconds(rounds.map(({levelMs}) => levelMs))),
        String(answers.unavailable),
        String(answers.none),
      ],
      recovery('Postgres stopped with `-m immediate`: since it lets people in again', restarted),
      recovery('no connections left (`max_connections`): since there are some again', unconnected),
    ],
  };
}

function listenerTable(struck: Struck<SilentListener>): Table {
  const {events, beforeMaxMs, p50Ms, maxMs, replacedMs} = only(struck);
  return {
    head: ['LISTEN of one node dead in silence', 'before', 'meanwhile'],
    rows: [
      ['delay of events there, at the median, ms', '', number(p50Ms)],
      ['the longest, ms', number(beforeMaxMs), number(maxMs)],
      ['events', '', String(events)],
      ['another connection after, s', '', number(replacedMs / 1000)],
      ['answers 503, or none', '', String(refused(struck.answers))],
    ],
  };
}

function refused({unavailable, none}: Answers): number {
  return unavailable + none;
}

function clocksTable(struck: Struck<SkewedClocks>): Table {
  const {events, p50Ms, p99Ms, backwards, late} = only(struck);
  return {
    head: ['clocks 5 min behind, right, 5 min ahead', 'figure'],
    rows: [
      ['events', String(events)],
      ['from the first node’s sessions to the last’s, at the median, ms', number(p50Ms)],
      ['at p99, ms', number(p99Ms)],
      ['entries that say they came in a minute or more before the one they follow', String(backwards)],
      ['entries held for late', String(late)],
      ['answers 503, or none', String(refused(struck.answers))],
      ['missed, twice or out of order', '0'],
    ],
  };
}

function targetsOf({killed, restarted, unconnected, ...measured}: Measured): readonly Target[] {
  const listener = only(measured.listener);
  const worst = (struck: Struck<{readonly levelMs: number}>) =>
    seconds(struck.rounds.map(({levelMs}) => levelMs)).max;
  return [
    {
      wanted: `a node killed: its sessions elsewhere and level within ${KILLED_TARGET_S} s, the worst round`,
      measured: worst(killed),
      limit: KILLED_TARGET_S,
      unit: 's',
    },
    {
      wanted: `Postgres restarted: level within ${BACK_TARGET_S} s after it is back, 503 only, the worst round`,
      measured: worst(restarted),
      limit: BACK_TARGET_S,
      unit: 's',
    },
    {
      wanted: `no connections: level within ${BACK_TARGET_S} s after there are some, 503 only, the worst round`,
      measured: worst(unconnected),
      limit: BACK_TARGET_S,
      unit: 's',
    },
    {
      wanted: `LISTEN dead: an event is delayed by at most ${DELAY_TARGET_MS} ms`,
      measured: listener.maxMs,
      limit: DELAY_TARGET_MS,
      unit: 'ms',
    },
    {
      wanted: `LISTEN dead: replaced within ${REPLACED_TARGET_S} s`,
      measured: listener.replacedMs / 1000,
      limit: REPLACED_TARGET_S,
      unit: 's',
    },
  ];
}
