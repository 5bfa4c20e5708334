/** Measures the CPU of ten thousand idle sessions. */
import {setTimeout as wait} from 'node:timers/promises';
import type {Benchmark, BenchmarkContext} from '../benchmark.ts';
import {allowedSessions} from '../load/limits.ts';
import {SessionSwarm} from '../load/session-swarm.ts';
import {number, type Section} from '../report/section.ts';
import {type SubjectName, startSubject} from '../servers/subjects.ts';

/** Slightly longer than the ping interval. */
const MEASURED_MS = 30_000;
/** Time after opening before the measurement begins. */
const SETTLE_MS = 3000;
const TARGET_PERCENT = 10;
const names: readonly SubjectName[] = ['gateway', 'ws', 'socket-io'];

export const idleCpu: Benchmark = {name: 'idle-cpu', deadlineS: 240, estimateS: 130, peers: true, run};

async function run({servers, progress}: BenchmarkContext): Promise<Section> {
  const size = allowedSessions(10_000);
  const rows: {title: string; user: number; system: number}[] = [];
  for (const name of names) {
    const {server, dialect, title} = await startSubject(servers, name);
    const swarm = new SessionSwarm({port: server.port, dialect});
    progress(`${name}: opening ${size} sessions`);
    await swarm.grow(size);
    await wait(SETTLE_MS);
    progress(`${name}: ${MEASURED_MS / 1000} s of pings`);
    const startedAt = performance.now();
    const before = await server.usage();
    await wait(MEASURED_MS);
    const after = await server.usage();
    const elapsedUs = (performance.now() - startedAt) * 1000;
    swarm.close();
    await server.stop();
    const percent = (key: 'userUs' | 'systemUs') => (100 * (after[key] - before[key])) / elapsedUs;
    rows.push({title, user: percent('userUs'), system: percent('systemUs')});
  }
  const [gateway] = rows;
  return {
    title: `CPU of ${size.toLocaleString('en-US')} idle sessions`,
    method: [
      `Server CPU as a share of one core over ${MEASURED_MS / 1000} s. Every session is pinged every 25 s and answers.`,
      'The gateway also sends heartbeats with the offset and closes silent sessions. `ws` only pings. Socket.IO has its defaults.',
    ],
    tables: [
      {
        head: ['idle', '% of a core', 'user', 'system'],
        rows: rows.map(({title, user, system}) => [
          title,
          number(user + system),
          number(user),
          number(system),
        ]),
      },
    ],
    targets: [
      {
        goal: `${size.toLocaleString('en-US')} idle sessions use at most ${TARGET_PERCENT} % of a core`,
        measured: gateway === undefined ? Number.NaN : gateway.user + gateway.system,
        limit: TARGET_PERCENT,
        unit: '%',
      },
    ],
  };
}
