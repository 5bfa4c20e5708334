/**
 * The writer's thread: takes every request that is waiting and makes one transaction of them, so that one fsync serves
 * all. While it waits for the disk, the next group gathers at its port.
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

/** Requests of one transaction: more would delay the first of them without saving much of the fsync. */
const MAX_GROUP = 1000;

/** The mark is on the disk so long after it was written; a second is what `high-water-mark.ts` promises. */
const MARK_SYNC_MS = 800;

type Request = Numbered<WriterRequest>;

const port = parentPort;
if (port === null) throw new Error('this file is a worker thread, not a program');
const store = new WriterStore(workerData as WorkerSettings);
let isSyncPlanned = false;

port.on('message', (batch: readonly Request[]) => {
  const waiting: Request[] = [...batch];
  for (let start = 0; start < waiting.length; ) {
    // What arrived while the last group was written joins this one.
    drain(waiting);
    const group = takeGroup(waiting, start);
    start += Math.max(1, group.length);
    const first = waiting[start - 1];
    if (group.length > 0) reply(store.commit(group));
    else if (first !== undefined) reply([{id: first.id, outcome: single(first.request)}]);
  }
  if (store.isMarkDirty && !isSyncPlanned) {
    isSyncPlanned = true;
    setTimeout(syncMark, MARK_SYNC_MS);
  }
});

/** Between groups: whoever waits for an answer does not wait for this. */
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

/** As many requests from `start` on as can share a transaction; none if the first of them is done by itself. */
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

function single(request: WriterRequest): Outcome {
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
