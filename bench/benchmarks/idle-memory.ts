/** Measures the memory of an idle session, against the number of sessions. */
import {setTimeout as wait} from 'node:timers/promises';
import type {Benchmark, BenchmarkContext} from '../benchmark.ts';
import {allowedSessions} from '../load/limits.ts';
import {SessionSwarm} from '../load/session-swarm.ts';
import {growthSentence} from '../report/growth.ts';
import {number, type Section} from '../report/section.ts';
import type {Usage} from '../servers/probe.ts';
import type {ServerProcess} from '../servers/server-process.ts';
import {type Subject, type SubjectName, startSubject} from '../servers/subjects.ts';

const STEPS = [1000, 2500, 5000, 10_000];
const SETTLE_MS = 400;
const COLLECTIONS = 3;
const BYTES_PER_KB = 1000;
const TARGET_KB = 9;
const names: readonly SubjectName[] = ['gateway', 'ws', 'socket-io'];

export const idleMemory: Benchmark = {name: 'idle-memory', deadlineS: 150, estimateS: 50, peers: true, run};

/** Memory of the process as it is, and after collections that free nothing more. */
interface Step {
  readonly sessions: number;
  readonly asItIs: Usage;
  readonly collected: Usage;
}

interface Row {
  readonly subject: Subject;
  readonly none: Step;
  /** One step for each number of sessions, ascending. */
  readonly steps: readonly Step[];
}

async function run({servers, progress}: BenchmarkContext): Promise<Section> {
  const most = allowedSessions(10_000);
  const counts = [...new Set(STEPS.map((count) => Math.min(count, most)))];
  const rows: Row[] = [];
  for (const name of names) {
    const subject = await startSubject(servers, name);
    const swarm = new SessionSwarm({port: subject.server.port, dialect: subject.dialect});
    const none = {sessions: 0, ...(await settle(subject.server))};
    const steps: Step[] = [];
    for (const sessions of counts) {
      progress(`${name}: ${sessions} sessions`);
      await swarm.grow(sessions);
      steps.push({sessions, ...(await settle(subject.server))});
    }
    swarm.close();
    await subject.server.stop();
    rows.push({subject, none, steps});
  }
  const series = rows.map((row) => ({
    name: row.subject.name,
    points: row.steps.map(({sessions, asItIs}) => ({
      x: sessions,
      y: (asItIs.rssBytes - row.none.collected.rssBytes) / 1e6,
    })),
  }));
  const [gateway] = rows;
  if (gateway === undefined) throw new Error('nothing was measured');
  return {
    title: 'Memory of an idle session',
    method: [
      `Resident memory of the server with ${counts.map((count) => count.toLocaleString('en-US')).join(', ')} idle sessions, less the memory without sessions. 1 KB is 1,000 bytes.`,
      '“As is” includes garbage from opening the sessions. “Collected” is after garbage collection. “Heap” includes buffers. Kernel socket buffers are not counted.',
      'A gateway session has an identity, a cursor, limits and a deadline. A `ws` session has none of these.',
    ],
    tables: [
      {
        head: ['KB per session', 'as is', 'collected', 'heap', 'peer / gateway', 'MB at 0'],
        rows: rows.map((row) => [
          row.subject.title,
          number(perSession(row, 'asItIs', 'rssBytes')),
          number(perSession(row, 'collected', 'rssBytes')),
          number(perSession(row, 'collected', 'heapBytes')),
          `${number(perSession(row, 'asItIs', 'rssBytes') / perSession(gateway, 'asItIs', 'rssBytes'))} ×`,
          number(row.none.collected.rssBytes / 1e6),
        ]),
      },
    ],
    targets: [
      {
        goal: `an idle session uses at most ${TARGET_KB} KB, garbage included`,
        measured: perSession(gateway, 'asItIs', 'rssBytes'),
        limit: TARGET_KB,
        unit: 'KB',
      },
    ],
    charts: [
      {
        chart: {
          name: 'memory',
          title: 'Memory of idle sessions',
          x: 'sessions',
          y: 'resident memory added, MB',
          series,
          scale: 'linear',
        },
        growth: growthSentence(series[0]?.points ?? [], 'whole'),
      },
    ],
  };
}

async function settle(server: ServerProcess): Promise<Pick<Step, 'asItIs' | 'collected'>> {
  await wait(SETTLE_MS);
  const asItIs = await server.usage();
  for (let collection = 1; collection < COLLECTIONS; collection += 1) {
    await server.usage('usage after collection');
    await wait(SETTLE_MS);
  }
  return {asItIs, collected: await server.usage('usage after collection')};
}

/** From the collected start to the end. With `asItIs`, the difference includes the garbage of opening. */
function perSession(
  {none, steps}: Row,
  state: 'asItIs' | 'collected',
  key: 'rssBytes' | 'heapBytes',
): number {
  const last = steps.at(-1);
  if (last === undefined) return Number.NaN;
  return (last[state][key] - none.collected[key]) / BYTES_PER_KB / last.sessions;
}
