/** Profiles the two hot paths, grouped by the code that does the work. */
import {readdirSync, readFileSync} from 'node:fs';
import path from 'node:path';
import type {Benchmark, BenchmarkContext} from '../benchmark.ts';
import {signedCallbacks} from '../load/callbacks.ts';
import {FanOutTarget} from '../load/fan-out-target.ts';
import {HttpConnection} from '../load/http-connection.ts';
import {allowedSessions} from '../load/limits.ts';
import {postAllOut} from '../load/webhook-load.ts';
import {type CpuProfile, type Share, sharesOf} from '../report/profile.ts';
import {number, type Section, type Table} from '../report/section.ts';

const SESSIONS = 1000;
const EVENTS = 400;
const WARM_UP_EVENTS = 50;
const CALLBACKS = 20_000;
const CONNECTIONS = 32;
/** Smaller shares are summed in one row. */
const SMALLEST_SHARE = 0.02;

export const hotPaths: Benchmark = {name: 'hot-paths', deadlineS: 120, estimateS: 40, run};

async function run({servers, progress}: BenchmarkContext): Promise<Section> {
  progress('single events');
  const size = allowedSessions(SESSIONS);
  const folder = servers.folder();
  const target = await FanOutTarget.open(servers, 'gateway', size, {nodeFlags: profiling(folder)});
  await target.send(WARM_UP_EVENTS, 1);
  await target.send(EVENTS, 1);
  await target.close();
  const [fanOut] = profilesIn(folder, target.subject.server.readyMs);

  progress('callbacks, all out');
  const intakeFolder = servers.folder();
  const gateway = await servers.gateway({nodeFlags: profiling(intakeFolder)});
  const connections = await HttpConnection.openSeveral(gateway.port, CONNECTIONS);
  await postAllOut(
    connections,
    signedCallbacks({port: gateway.port, count: CALLBACKS, concurrentCalls: 2 * CONNECTIONS}),
  );
  for (const connection of connections) connection.close();
  await gateway.stop();
  const [main, writer] = profilesIn(intakeFolder, gateway.readyMs);
  if (fanOut === undefined || main === undefined || writer === undefined)
    throw new Error('a server wrote no profile');
  return {
    title: 'CPU profile of the hot paths',
    method: [
      `Profiles (\`--cpu-prof\`) of the gateway: ${EVENTS} single events to ${size.toLocaleString('en-US')} sessions, and ${CALLBACKS.toLocaleString('en-US')} callbacks at full speed over ${CONNECTIONS} connections.`,
      'Shares of the time a thread was not idle, after the start. A thread that waits for the disk does not count as idle.',
      'All threads share one core, so a system call can include time of a thread that it woke.',
    ],
    tables: [
      tableOf('main thread, single events', fanOut),
      tableOf('main thread, callbacks', main),
      tableOf('writer thread, callbacks', writer),
    ],
    targets: [],
  };
}

function profiling(folder: string): readonly string[] {
  return ['--cpu-prof', `--cpu-prof-dir=${folder}`];
}

/** Profiles of the threads that worked, by thread number: the main thread first. */
function profilesIn(folder: string, afterMs: number): readonly (readonly Share[])[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.cpuprofile'))
    .sort((a, b) => threadOf(a) - threadOf(b))
    .map((name) =>
      sharesOf(JSON.parse(readFileSync(path.join(folder, name), 'utf8')) as CpuProfile, afterMs),
    );
}

/** The thread number in `CPU.<date>.<time>.<process>.<thread>.<number>.cpuprofile`. */
function threadOf(name: string): number {
  return Number(name.split('.')[4]);
}

function tableOf(title: string, shares: readonly Share[]): Table {
  const named = shares.filter(({share}) => share >= SMALLEST_SHARE);
  const rest = 1 - named.reduce((sum, {share}) => sum + share, 0);
  return {
    head: [title, '% of busy time'],
    rows: [...named, {group: 'everything else', share: rest}].map(({group, share}) => [
      group,
      number(100 * share),
    ]),
  };
}
