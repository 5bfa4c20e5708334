/** Measures the latency from a webhook to the last of a thousand sessions under a steady stream of events. */

import type {Benchmark, BenchmarkContext} from '../benchmark.ts';
import {signedCallbacks} from '../load/callbacks.ts';
import {HttpConnection} from '../load/http-connection.ts';
import {allowedSessions, collectGarbage} from '../load/limits.ts';
import {SessionSwarm} from '../load/session-swarm.ts';
import {postAtRate} from '../load/webhook-load.ts';
import {type Section, show} from '../report/section.ts';
import {figure, percentile} from '../report/statistics.ts';
import {type Subject, type SubjectName, startSubject} from '../servers/subjects.ts';

const SESSIONS = 1000;
const PER_SECOND = 500;
/** Three seconds of events. */
const EVENTS = 1500;
const WARM_UP_EVENTS = 200;
const ROUNDS = 3;
const CONNECTIONS = 64;
/** Time for a peer that cannot keep up to finish the round. */
const DEADLINE_MS = 60_000;
const names: readonly SubjectName[] = ['gateway', 'express-socket-io'];

export const latency: Benchmark = {name: 'latency', deadlineS: 240, estimateS: 75, peers: true, run};

interface Round {
  readonly p50Ms: number;
  readonly p99Ms: number;
}

interface Contestant {
  readonly subject: Subject;
  readonly swarm: SessionSwarm;
  readonly rounds: Round[];
}

async function run({servers, progress}: BenchmarkContext): Promise<Section> {
  const size = allowedSessions(SESSIONS);
  const contestants: Contestant[] = [];
  for (const name of names) {
    const subject = await startSubject(servers, name);
    const swarm = new SessionSwarm({port: subject.server.port, dialect: subject.dialect});
    await swarm.grow(size);
    const contestant = {subject, swarm, rounds: []};
    progress(`${name}: warming up`);
    await play(contestant, WARM_UP_EVENTS);
    contestants.push(contestant);
  }
  for (let round = 1; round <= ROUNDS; round += 1) {
    for (const contestant of contestants) {
      progress(`${contestant.subject.name}: round ${round}`);
      contestant.rounds.push(await play(contestant, EVENTS));
    }
  }
  for (const {swarm, subject} of contestants) {
    swarm.close();
    await subject.server.stop();
  }
  const of = ({rounds}: Contestant, key: keyof Round) => figure(rounds.map((round) => round[key]));
  const [gateway, peer] = contestants;
  if (gateway === undefined || peer === undefined) throw new Error('nothing was measured');
  return {
    title: `${PER_SECOND} events/s to ${size.toLocaleString('en-US')} sessions`,
    method: [
      `Latency from the moment a webhook was due until the last of ${size.toLocaleString('en-US')} sessions received it. ${PER_SECOND}/s with random gaps over ${CONNECTIONS} connections, ${ROUNDS} rounds of ${EVENTS.toLocaleString('en-US')} events.`,
      'Both servers verify the signature. The gateway also writes each event to disk, Express + Socket.IO stores nothing.',
      'A server that cannot keep up is measured with the queue of three seconds.',
    ],
    tables: [
      {
        head: [`${PER_SECOND} events/s`, 'p50, ms', 'p99, ms'],
        rows: contestants.map((contestant) => [
          contestant.subject.title,
          show(of(contestant, 'p50Ms')),
          show(of(contestant, 'p99Ms')),
        ]),
      },
    ],
    targets: [],
  };
}

async function play({subject, swarm}: Contestant, events: number): Promise<Round> {
  const {port} = subject.server;
  const requests = signedCallbacks({port, count: events, concurrentCalls: 2 * CONNECTIONS});
  const connections = await HttpConnection.openSeveral(port, CONNECTIONS);
  collectGarbage();
  const dueAt = new Float64Array(events);
  const [completed] = await Promise.all([
    swarm.follow(events, {deadlineMs: DEADLINE_MS}),
    postAtRate(connections, requests, PER_SECOND, dueAt),
  ]);
  for (const connection of connections) connection.close();
  const latencies = completed.map((moment, index) => moment - (dueAt[index] ?? Number.NaN)).sort();
  return {p50Ms: percentile(latencies, 0.5), p99Ms: percentile(latencies, 0.99)};
}
