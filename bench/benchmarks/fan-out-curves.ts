/** Measures the cost per message against the number of sessions and of visibility filters. */

import type {Benchmark, BenchmarkContext} from '../benchmark.ts';
import {randomCallSid, signedCallbacks} from '../load/callbacks.ts';
import {gatewayDialect, subscribingDialect} from '../load/dialect.ts';
import {HttpConnection} from '../load/http-connection.ts';
import {allowedSessions, collectGarbage} from '../load/limits.ts';
import {SessionSwarm} from '../load/session-swarm.ts';
import type {Point} from '../report/chart.ts';
import {growthSentence} from '../report/growth.ts';
import {number, type Section} from '../report/section.ts';
import type {ServerProcess} from '../servers/server-process.ts';

const SESSIONS = [100, 300, 1000, 3000, 10_000];
const FILTER_SIZES = [1, 10, 100, 1000];
const FILTER_SESSIONS = 1000;
/** Messages per point, and bounds for the number of events. */
const MESSAGES = 150_000;
const FEWEST_EVENTS = 40;
const MOST_EVENTS = 380;
const WARM_UP_EVENTS = 20;

export const fanOutCurves: Benchmark = {name: 'fan-out-curves', deadlineS: 180, estimateS: 60, run};

async function run({servers, progress}: BenchmarkContext): Promise<Section> {
  const most = allowedSessions(11_000) - 500;
  const server = await servers.gateway();
  const bySessions: Point[] = [];
  for (const sessions of SESSIONS.filter((count) => count <= most)) {
    progress(`${sessions} sessions`);
    // New sessions for each point, because all sessions of a swarm must have seen the same events.
    const swarm = new SessionSwarm({port: server.port, dialect: gatewayDialect});
    await swarm.grow(sessions);
    bySessions.push({x: sessions, y: await messageCpuUs(server, swarm)});
    swarm.close();
  }
  await server.stop();
  const byFilterSize: Point[] = [];
  for (const sessionsPerFilter of FILTER_SIZES) {
    progress(`visibility filters of ${sessionsPerFilter} sessions`);
    byFilterSize.push({
      x: sessionsPerFilter,
      y: await filterCpuUs(await servers.gateway(), sessionsPerFilter),
    });
  }
  return {
    title: 'Cost per message by sessions and visibility filters',
    method: [
      'First table: server CPU per delivered message against the number of sessions, which all see every event.',
      `Second table: ${FILTER_SESSIONS.toLocaleString('en-US')} sessions in groups of one size. Each group has its own visibility filter (a set of subscribed calls) and shares its encoded frames.`,
    ],
    tables: [
      {
        head: ['sessions', 'CPU µs per message'],
        rows: bySessions.map(({x, y}) => [x.toLocaleString('en-US'), number(y)]),
      },
      {
        head: ['sessions per filter', 'CPU µs per message'],
        rows: byFilterSize.map(({x, y}) => [x.toLocaleString('en-US'), number(y)]),
      },
    ],
    targets: [],
    charts: [
      {
        chart: {
          name: 'fan-out-sessions',
          title: 'Cost per message by sessions',
          x: 'sessions',
          y: 'server CPU, µs per message',
          series: [{name: 'gateway', points: bySessions}],
          scale: 'logarithmic',
        },
        growth: growthSentence(bySessions, 'unit'),
      },
      {
        chart: {
          name: 'fan-out-filters',
          title: 'Cost per message by sessions per filter',
          x: 'sessions that share a visibility filter',
          y: 'server CPU, µs per message',
          series: [{name: 'gateway', points: byFilterSize}],
          scale: 'logarithmic',
        },
        growth: `With ${FILTER_SESSIONS.toLocaleString('en-US')} visibility filters instead of one, a message costs ${number((byFilterSize[0]?.y ?? Number.NaN) / (byFilterSize.at(-1)?.y ?? Number.NaN))} × as much.`,
      },
    ],
  };
}

async function filterCpuUs(server: ServerProcess, sessionsPerFilter: number): Promise<number> {
  const callSids = Array.from({length: Math.ceil((MOST_EVENTS + WARM_UP_EVENTS) / 4) - 1}, randomCallSid);
  const dialects = Array.from({length: Math.ceil(FILTER_SESSIONS / sessionsPerFilter)}, () =>
    subscribingDialect([...callSids, randomCallSid()]),
  );
  const swarm = new SessionSwarm({
    port: server.port,
    dialect: (index) => dialects[Math.floor(index / sessionsPerFilter)] ?? gatewayDialect,
  });
  await swarm.grow(FILTER_SESSIONS);
  const cpuUs = await messageCpuUs(server, swarm, callSids);
  swarm.close();
  await server.stop();
  return cpuUs;
}

async function messageCpuUs(
  server: ServerProcess,
  swarm: SessionSwarm,
  callSids?: readonly string[],
): Promise<number> {
  const events = Math.min(MOST_EVENTS - 4, Math.max(FEWEST_EVENTS, Math.ceil(MESSAGES / swarm.size)));
  const count = events + WARM_UP_EVENTS;
  const requests = signedCallbacks({port: server.port, count, concurrentCalls: 1, callSids});
  const [connection] = await HttpConnection.openSeveral(server.port, 1);
  if (connection === undefined) throw new Error('no connection was opened');
  const send = async (some: readonly Buffer[]) => {
    for (const request of some) await Promise.all([swarm.expect(1), connection.post(request)]);
  };
  await send(requests.slice(0, WARM_UP_EVENTS));
  collectGarbage();
  const before = await server.usage();
  await send(requests.slice(WARM_UP_EVENTS));
  const after = await server.usage();
  connection.close();
  return (after.cpuUs - before.cpuUs) / events / swarm.size;
}
