/**
 * Compares checkpoints on the commit path (SQLite's autocheckpoint) with checkpoints in another thread. Appends at a
 * fixed rate with each, and prints the acknowledgement latency and the largest WAL size.
 *
 * Usage: node bench/checkpoint.ts [--rate 2000] [--seconds 20] [--dir <folder>] [--autocheckpoint 1000,0]
 */
import {mkdtempSync, rmSync, statSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {setTimeout as wait} from 'node:timers/promises';
import {parseArgs} from 'node:util';
import {Worker} from 'node:worker_threads';
import type {StatusEvent} from '../src/journal/call-event.ts';
import {SqliteJournal} from '../src/journal/sqlite/sqlite-journal.ts';

const {values} = parseArgs({
  options: {
    rate: {type: 'string', default: '2000'},
    seconds: {type: 'string', default: '20'},
    dir: {type: 'string', default: tmpdir()},
    autocheckpoint: {type: 'string', default: '1000,0'},
  },
});
const rate = Number(values.rate);
const seconds = Number(values.seconds);
const statuses = ['initiated', 'ringing', 'in-progress', 'completed'] as const;

function event(index: number): StatusEvent {
  const callSid = `CA${Math.floor(index / 4)
    .toString(16)
    .padStart(32, '0')}`;
  const sequence = index % 4;
  const providerStatus = statuses[sequence] ?? 'completed';
  const parameters = {
    AccountSid: `AC${'0'.repeat(32)}`,
    ApiVersion: '2010-04-01',
    CallSid: callSid,
    CallStatus: providerStatus,
    Called: '+15550100001',
    Caller: '+15550100002',
    Direction: 'outbound-api',
    From: '+15550100002',
    SequenceNumber: String(sequence),
    To: '+15550100001',
  };
  const now = Date.now();
  return {
    kind: 'status',
    source: 'callback',
    callSid,
    dedupeKey: `${callSid}:${sequence}`,
    happenedAt: now,
    receivedAt: now,
    providerStatus,
    sequence,
    direction: 'outbound-api',
    from: '+15550100002',
    to: '+15550100001',
    parameters,
  };
}

function percentile(sorted: Float64Array, share: number): string {
  return (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0).toFixed(2);
}

function checkpointEverySecond(file: string): Worker {
  const source = `
    const {DatabaseSync} = require('node:sqlite');
    const {workerData} = require('node:worker_threads');
    const database = new DatabaseSync(workerData, {timeout: 5000});
    database.exec('PRAGMA synchronous = FULL');
    setInterval(() => database.exec('PRAGMA wal_checkpoint(PASSIVE)'), 1000);`;
  return new Worker(source, {eval: true, workerData: file});
}

async function measure(autocheckpointPages: number): Promise<void> {
  const dir = mkdtempSync(join(values.dir, 'hookswitch-bench-'));
  const file = join(dir, 'hookswitch.db');
  const journal = new SqliteJournal({file, autocheckpointPages, onFault: console.error});
  await journal.open();
  const elsewhere = autocheckpointPages === 0 ? checkpointEverySecond(file) : undefined;
  const latencies: number[] = [];
  const pending: Promise<void>[] = [];
  const start = performance.now();
  const total = rate * seconds;
  let largestWal = 0;
  for (let sent = 0; sent < total; ) {
    const due = Math.min(total, Math.floor(((performance.now() - start) / 1000) * rate));
    for (; sent < due; sent += 1) {
      const at = performance.now();
      pending.push(journal.append(event(sent)).then(() => void latencies.push(performance.now() - at)));
    }
    largestWal = Math.max(largestWal, statSync(`${file}-wal`).size);
    await wait(1);
  }
  await Promise.all(pending);
  await elsewhere?.terminate();
  await journal.close();
  rmSync(dir, {recursive: true});
  const sorted = Float64Array.from(latencies).sort();
  const name =
    autocheckpointPages === 0
      ? 'another thread, every second'
      : `commit path, every ${autocheckpointPages} pages`;
  const figures = [0.5, 0.99, 0.999, 1].map((share) => percentile(sorted, share)).join(' / ');
  console.log(
    `${name}: ${total} appends, ack p50/p99/p99.9/max ${figures} ms, WAL ≤ ${(largestWal / 2 ** 20).toFixed(1)} MiB`,
  );
}

for (const pages of values.autocheckpoint.split(',')) await measure(Number(pages));
