/**
 * Preloaded into the gateway. Ends the process, or only the thread, when the writer passes a failpoint for the n-th
 * time. Failpoints are platform calls that every durable append makes, so that the gateway's sources contain no test
 * code.
 * Usage: --import <this file>?point=<Failpoint>&hit=<n>&action=<kill|exit-thread>
 */
import fs from 'node:fs';
import {syncBuiltinESMExports} from 'node:module';
import {DatabaseSync, StatementSync} from 'node:sqlite';
import {isMainThread, type MessagePort, parentPort} from 'node:worker_threads';

/** The writer's failpoints, in the order in which an append passes them. */
export const failpoints = [
  'inside-group',
  'before-commit',
  'after-commit',
  'before-mark-write',
  'after-mark-write',
  'after-reply',
  // In the reader, before it answers a query.
  'reader-query',
] as const;

export type Failpoint = (typeof failpoints)[number];

type Run = (...values: readonly unknown[]) => ReturnType<StatementSync['run']>;

const search = new URL(import.meta.url).searchParams;
const wanted = search.get('point');
const hit = Number(search.get('hit') ?? 1);
const action = search.get('action') ?? 'kill';
let hits = 0;

function pass(point: Failpoint): void {
  if (point !== wanted) return;
  hits += 1;
  if (hits !== hit) return;
  if (action === 'kill') process.kill(process.pid, 'SIGKILL');
  else process.exit(1);
}

if (!isMainThread) {
  const run = Reflect.get(StatementSync.prototype, 'run') as Run;
  StatementSync.prototype.run = function (this: StatementSync, ...values: readonly unknown[]) {
    const isCommit = this.sourceSQL === 'COMMIT';
    if (isCommit) pass('before-commit');
    const result = Reflect.apply(run, this, values);
    if (isCommit) pass('after-commit');
    else if (this.sourceSQL.startsWith('INSERT INTO entries')) pass('inside-group');
    return result;
  };
  const exec = Reflect.get(DatabaseSync.prototype, 'exec');
  DatabaseSync.prototype.exec = function (this: DatabaseSync, sql: string) {
    // Only the reader uses a plain BEGIN.
    if (sql === 'BEGIN') pass('reader-query');
    Reflect.apply(exec, this, [sql]);
  };
  // Only the mark is written by JavaScript. SQLite writes its own files natively.
  const writeSync = Reflect.get(fs, 'writeSync') as (...values: readonly unknown[]) => number;
  fs.writeSync = (...values: readonly unknown[]) => {
    pass('before-mark-write');
    const written = Reflect.apply(writeSync, fs, values);
    pass('after-mark-write');
    return written;
  };
  syncBuiltinESMExports();
  const port: MessagePort | null = parentPort;
  if (port !== null) {
    const post = port.postMessage.bind(port);
    port.postMessage = (value: unknown) => {
      post(value);
      pass('after-reply');
    };
  }
}
