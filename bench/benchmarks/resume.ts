/** Measures how long 10,000 reconnecting sessions take to catch up, and the webhook latency during that time. */

import type {Benchmark, BenchmarkContext} from '../benchmark.ts';
import {signedCallbacks} from '../load/callbacks.ts';
import {resumingDialect} from '../load/dialect.ts';
import {positionOf} from '../load/greeting.ts';
import {HttpConnection} from '../load/http-connection.ts';
import {allowedSessions, collectGarbage} from '../load/limits.ts';
import {SessionSwarm} from '../load/session-swarm.ts';
import {postAllOut, postAtRate} from '../load/webhook-load.ts';
import {growthSentence} from '../report/growth.ts';
import {type Section, show} from '../report/section.ts';
import {figure, percentile} from '../report/statistics.ts';
import type {ServerProcess} from '../servers/server-process.ts';

const SESSIONS = 10_000;
const MISSED = 100;
const ROUNDS = 3;
const CURVE_SESSIONS = 1000;
const CURVE_MISSED = [10, 100, 1000, 2500];
const OPENING_AT_ONCE = 400;
const DEADLINE_MS = 60_000;
const CONNECTIONS = 16;
/** Rate of the webhooks that arrive while the sessions resume, and for how many seconds at most. */
const PER_SECOND = 100;
const WEBHOOK_SECONDS = 2;
const TARGET_S = 3;
const TARGET_WEBHOOK_MS = 1000;

export const resume: Benchmark = {name: 'resume', deadlineS: 240, estimateS: 60, run};

interface Round {
  /** From the first connect to the last missed entry at the last session. */
  readonly seconds: number;
  readonly webhookP99Ms: number;
}

async function run({servers, progress}: BenchmarkContext): Promise<Section> {
  // The server needs some descriptors for itself.
  const size = Math.min(SESSIONS, allowedSessions(SESSIONS + 1000) - 500);
  const server = await servers.gateway();
  const most = Math.max(MISSED, ...CURVE_MISSED);
  progress(`writing ${most} entries`);
  const connections = await HttpConnection.openSeveral(server.port, CONNECTIONS);
  await postAllOut(connections, signedCallbacks({port: server.port, count: most, concurrentCalls: 32}));
  for (const connection of connections) connection.close();
  const rounds: Round[] = [];
  for (let round = 1; round <= ROUNDS; round += 1) {
    progress(`${size} sessions, round ${round}`);
    rounds.push(await reconnect(server, size, MISSED, true));
  }
  const points: {x: number; y: number}[] = [];
  for (const missed of CURVE_MISSED) {
    progress(`${CURVE_SESSIONS} sessions that missed ${missed}`);
    const {seconds} = await reconnect(server, Math.min(size, CURVE_SESSIONS), missed, false);
    points.push({x: missed, y: seconds});
  }
  await server.stop();
  const [seconds, webhook] = [
    figure(rounds.map((round) => round.seconds)),
    figure(rounds.map((round) => round.webhookP99Ms)),
  ];
  return {
    title: `${size.toLocaleString('en-US')} sessions reconnect`,
    method: [
      `Time from the first connect until the last of ${size.toLocaleString('en-US')} sessions has all ${MISSED} entries it missed, handshakes included. ${OPENING_AT_ONCE} handshakes at a time, ${ROUNDS} rounds.`,
      `During that time, ${PER_SECOND} signed webhooks/s arrive, and every connected session receives them.`,
      ...(size < SESSIONS ? [`\`ulimit -n\` does not allow ${SESSIONS.toLocaleString('en-US')}.`] : []),
    ],
    tables: [
      {
        head: ['resume', 'seconds', 'webhook p99, ms'],
        rows: [[`${size.toLocaleString('en-US')} × ${MISSED}`, show(seconds), show(webhook)]],
      },
    ],
    targets: [
      {
        goal: `all sessions caught up within ${TARGET_S} s`,
        measured: seconds.median,
        limit: TARGET_S,
        unit: 's',
        cause:
          'not the replay, because its bytes are encoded once for all sessions at the same cursor. Most of the time goes to 10,000 handshakes on one core (HTTP parser, accept, ' +
          'SHA-1, one write each) and to garbage collection. A tenth goes to the live webhooks.',
      },
      {
        goal: `webhook response p99 at most ${TARGET_WEBHOOK_MS} ms`,
        measured: webhook.median,
        limit: TARGET_WEBHOOK_MS,
        unit: 'ms',
      },
    ],
    charts: [
      {
        chart: {
          name: 'resume',
          title: `${CURVE_SESSIONS.toLocaleString('en-US')} sessions reconnect`,
          x: 'missed entries per session',
          y: 'seconds until all are caught up',
          series: [{name: 'gateway', points}],
          scale: 'linear',
        },
        growth: growthSentence(points, 'whole'),
      },
    ],
  };
}

async function reconnect(
  server: ServerProcess,
  sessions: number,
  missed: number,
  withWebhooks: boolean,
): Promise<Round> {
  const {port} = server;
  const {epoch, offset} = await positionOf(port);
  const dialect = resumingDialect(epoch, offset - missed);
  const swarm = new SessionSwarm({port, dialect, openingAtOnce: OPENING_AT_ONCE});
  const connections = await HttpConnection.openSeveral(port, CONNECTIONS);
  const count = withWebhooks ? PER_SECOND * WEBHOOK_SECONDS : 0;
  const requests = signedCallbacks({port, count, concurrentCalls: 32});
  collectGarbage();
  const startedAt = performance.now();
  const [completed, latencies] = await Promise.all([
    swarm.follow(missed, {deadlineMs: DEADLINE_MS, sessions}),
    postAtRate(connections, requests, PER_SECOND),
    swarm.grow(sessions),
  ]);
  for (const connection of connections) connection.close();
  swarm.close();
  return {
    seconds: ((completed.at(-1) ?? Number.NaN) - startedAt) / 1000,
    webhookP99Ms: withWebhooks ? percentile(latencies, 0.99) : 0,
  };
}
