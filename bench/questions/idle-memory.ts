/** How much memory does a session hold that does nothing? */
import {setTimeout as wait} from 'node:timers/promises';
import {allowedSessions} from '../load/limits.ts';
import {SessionSwarm} from '../load/session-swarm.ts';
import type {Question, Run} from '../question.ts';
import {number, type Section} from '../report/section.ts';
import type {Usage} from '../servers/probe.ts';
import type {ServerProcess} from '../servers/server-process.ts';

const SESSIONS = 5000;
const SETTLE_MS = 400;
const COLLECTIONS = 3;
const BYTES_PER_KB = 1000;
const TARGET_KB = 10;

export const idleMemory: Question = {name: 'idle-memory', deadlineS: 30, ask};

/** What the process uses as it stands, and once collections free nothing more. */
interface Step {
  readonly sessions: number;
  readonly asItIs: Usage;
  readonly collected: Usage;
}

interface Row {
  readonly name: string;
  readonly steps: readonly [Step, Step, Step];
}

async function ask({servers, progress}: Run): Promise<Section> {
  const most = allowedSessions(SESSIONS);
  const half = Math.floor(most / 2);
  const measure = async (name: string, server: ServerProcess, greetings: number): Promise<Row> => {
    const swarm = new SessionSwarm({port: server.port, greetings});
    const step = async (sessions: number) => {
      progress(`${name}: ${sessions} sessions`);
      await swarm.grow(sessions);
      return {sessions, ...(await settle(server))};
    };
    const steps = [await step(0), await step(half), await step(most)] as const;
    swarm.close();
    await server.stop();
    return {name, steps};
  };
  const gateway = await measure('gateway', await servers.gateway(), 2);
  const peer = await measure('peer', await servers.expressPeer(), 0);
  return {
    title: 'Memory of an idle session',
    compared: [
      `Resident memory of the server process with 0, ${half.toLocaleString('en-US')} and ${most.toLocaleString('en-US')} sessions that were opened and then left`,
      'alone; 1 KB is 1,000 bytes. “As it is”: with the garbage of opening them. The other columns: after collection, where',
      'free space that the process had before its first session makes the first ones look cheap; the heap is what JavaScript',
      'holds, buffers included. The kernel’s socket buffers are in none. The peer is a plain `ws` server that knows nothing',
      'of its sessions; ours have an identity, a cursor, limits and a deadline.',
    ],
    tables: [
      {
        head: [
          'KB per session',
          'as it is',
          'of the peer',
          'collected',
          'first half',
          'second half',
          'heap',
          'MB at 0',
        ],
        rows: [gateway, peer].map((row) => [
          row.name,
          number(asItIs(row)),
          row === peer ? '1' : `${number(asItIs(row) / asItIs(peer))} ×`,
          number(growth(row.steps[0], row.steps[2], residentKb)),
          number(growth(row.steps[0], row.steps[1], residentKb)),
          number(growth(row.steps[1], row.steps[2], residentKb)),
          number(growth(row.steps[0], row.steps[2], heapKb)),
          number(residentKb(row.steps[0]) / 1000),
        ]),
      },
    ],
    targets: [
      {
        wanted: `an idle session costs less than ${TARGET_KB} KB, garbage included`,
        measured: asItIs(gateway),
        limit: TARGET_KB,
        unit: 'KB',
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

function growth(from: Step, to: Step, of: (step: Step) => number): number {
  return (of(to) - of(from)) / (to.sessions - from.sessions);
}

/** From the collected start to the end as it stands: the larger of the two differences. */
function asItIs({steps: [none, , all]}: Row): number {
  return (all.asItIs.rssBytes - none.collected.rssBytes) / BYTES_PER_KB / all.sessions;
}

function residentKb({collected}: Step): number {
  return collected.rssBytes / BYTES_PER_KB;
}

function heapKb({collected}: Step): number {
  return collected.heapBytes / BYTES_PER_KB;
}
