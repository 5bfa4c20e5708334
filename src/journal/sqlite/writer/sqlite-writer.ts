/**
 * The writer thread. It puts all waiting requests into one transaction, so that one fsync serves all of them.
 * While it waits for the disk, its port collects the next group.
 */
import {parentPort, receiveMessageOnPort, workerData} from 'node:worker_threads';
import {toFailure} from '../failures.ts';
import type {
  GroupRequest,
  Numbered,
  Outcome,
  WorkerReply,
  WorkerSettings,
  WriterRequest,
} from '../worker-messages.ts';
import {type NumberedOutcome, WriterStore} from './writer-store.ts';

/**
 * Maximum number of requests per transaction. A larger group would delay its first request and save little of
 * the fsync.
 */
const MAX_GROUP = 1000;

/** Delay between writing the mark and syncing it, in milliseconds. `high-water-mark.ts` promises a second. */
const MARK_SYNC_MS = 800;

type Request = Numbered<WriterRequest>;

const port = parentPort;
if (port === null) throw new Error('this file is a worker thread, not a program');
const store = new WriterStore(workerData as WorkerSettings);
let isSyncPlanned = false;

port.on('message', (batch: readonly Request[]) => {
  const waiting: Request[] = [...batch];
  for (let start = 0; start < waiting.length; ) {
    // Requests that arrived while the last group was written join this one.
    drain(waiting);
    const group = takeGroup(waiting, start);
    start += Math.max(1, group.length);
    const first = waiting[start - 1];
    if (group.length > 0) reply(store.commit(group));
    else if (first !== undefined) reply([{id: first.id, outcome: performAlone(first.request)}]);
  }
  if (store.isMarkDirty && !isSyncPlanned) {
    isSyncPlanned = true;
    setTimeout(syncMark, MARK_SYNC_MS);
  }
});

/** Runs between groups, so that no request waits for it. */
function syncMark(): void {
  isSyncPlanned = false;
  store.syncMark();
}

function drain(waiting: Request[]): void {
  if (port === null) return;
  for (let more = receiveMessageOnPort(port); more !== undefined; more = receiveMessageOnPort(port)) {
    waiting.push(...(more.message as readonly Request[]));
  }
}

/**
 * Takes as many requests from `start` on as can share a transaction. Empty if the first one needs its own.
 */
function takeGroup(waiting: readonly Request[], start: number): readonly Numbered<GroupRequest>[] {
  const group: Numbered<GroupRequest>[] = [];
  for (let index = start; index < waiting.length && group.length < MAX_GROUP; index += 1) {
    const next = waiting[index];
    if (next === undefined || !isGrouped(next)) break;
    group.push(next);
  }
  return group;
}

function isGrouped(numbered: Request): numbered is Numbered<GroupRequest> {
  return numbered.request.kind !== 'open' && numbered.request.kind !== 'close';
}

function performAlone(request: WriterRequest): Outcome {
  try {
    if (request.kind === 'open') return {ok: true, json: JSON.stringify(store.open(request.epoch))};
    if (request.kind === 'close') store.close();
    return {ok: true};
  } catch (error) {
    return {ok: false, failure: toFailure(error)};
  }
}

function reply(outcomes: readonly NumberedOutcome[]): void {
  const message: WorkerReply = {outcomes, bounds: store.bounds};
  port?.postMessage(message);
}
