/** How much memory does a session hold that does nothing? */
import {setTimeout as wait} from 'node:timers/promises';
import {allowedSessions} from '../load/limits.ts';
import {SessionSwarm} from '../load/session-swarm.ts';
import type {Question, Run} from '../question.ts';
import {number, type Section} from '../report/section.ts';
import type {Usage} from '../servers/probe.ts';
import type {ServerProcess} from '../servers/server-process.ts';

const SESSIONS = 5000;
/** Opened and dropped first: what a server needs once is no session's. */
const WARM_UP_SESSIONS = 500;
const SETTLE_MS = 400;
const COLLECTIONS = 3;
const BYTES_PER_KB = 1000;
const TARGET_KB = 10;

export const idleMemory: Question = {name: 'idle-memory', deadlineS: 30, ask};

/** Usage at no sessions, at half of them and at all. */
type Steps = readonly [Usage, Usage, Usage];

async function ask({servers, progress}: Run): Promise<Section> {
  const sessions = allowedSessions(SESSIONS);
  const half = Math.floor(sessions / 2);
  const measure = async (
    name: string,
    starting: Promise<ServerProcess>,
    greetings: number,
  ): Promise<Steps> => {
    const server = await starting;
    const options = {port: server.port, greetings};
    progress(`${name}: warming up`);
    const warmUp = new SessionSwarm(options);
    await warmUp.grow(WARM_UP_SESSIONS);
    warmUp.close();
    const swarm = new SessionSwarm(options);
    const none = await settled(server);
    progress(`${name}: ${half} sessions`);
    await swarm.grow(half);
    const some = await settled(server);
    progress(`${name}: ${sessions} sessions`);
    await swarm.grow(sessions);
    const all = await settled(server);
    swarm.close();
    await server.stop();
    return [none, some, all];
  };
  const gateway = await measure('gateway', servers.gateway(), 2);
  const peer = await measure('peer', servers.expressPeer(), 0);
  const rows = [
    ['gateway', gateway],
    ['peer', peer],
  ] as const;
  const rss = ({rssBytes}: Usage) => rssBytes;
  const heap = ({heapBytes}: Usage) => heapBytes;
  const total = (steps: Steps, of: (usage: Usage) => number) => kb(of(steps[2]) - of(steps[0])) / sessions;
  return {
    title: 'Memory of an idle session',
    compared: [
      `Resident memory of the server process at 0, ${half.toLocaleString('en-US')} and ${sessions.toLocaleString('en-US')} idle sessions, each time after garbage collection;`,
      '1 KB is 1,000 bytes. Sockets are the kernel’s and not in it. The heap column is what JavaScript holds, buffers',
      'included. The peer is a plain `ws` server that knows nothing of its sessions; ours have an identity, a cursor,',
      'limits and a deadline.',
    ],
    tables: [
      {
        head: [
          'KB per session',
          'first half',
          'second half',
          'all',
          'of the peer',
          'heap',
          'process at 0, MB',
        ],
        rows: rows.map(([name, steps]) => [
          name,
          number(kb(rss(steps[1]) - rss(steps[0])) / half),
          number(kb(rss(steps[2]) - rss(steps[1])) / (sessions - half)),
          number(total(steps, rss)),
          steps === peer ? '1' : `${number(total(steps, rss) / total(peer, rss))} ×`,
          number(total(steps, heap)),
          number(kb(rss(steps[0])) / 1000),
        ]),
      },
    ],
    targets: [
      {
        wanted: `an idle session costs less than ${TARGET_KB} KB`,
        measured: total(gateway, rss),
        limit: TARGET_KB,
        unit: 'KB',
      },
    ],
  };
}

/** Usage once a collection frees nothing more. */
async function settled(server: ServerProcess): Promise<Usage> {
  for (let collection = 1; collection < COLLECTIONS; collection += 1) {
    await wait(SETTLE_MS);
    await server.usage('usage after collection');
  }
  await wait(SETTLE_MS);
  return server.usage('usage after collection');
}

function kb(bytes: number): number {
  return bytes / BYTES_PER_KB;
}
