/** The reader thread. It serves histories, lists and catch-up pages, so that no append waits for them. */
import {parentPort, workerData} from 'node:worker_threads';
import {toFailure} from '../failures.ts';
import type {Numbered, Outcome, ReaderRequest, WorkerReply, WorkerSettings} from '../worker-messages.ts';
import {ReaderStore} from './reader-store.ts';

const port = parentPort;
if (port === null) throw new Error('this file is a worker thread, not a program');
const store = new ReaderStore(workerData as WorkerSettings);

port.on('message', (batch: readonly Numbered<ReaderRequest>[]) => {
  for (const {id, request} of batch) {
    const message: WorkerReply = {outcomes: [{id, outcome: answer(request)}]};
    port.postMessage(message);
  }
});

function answer(request: ReaderRequest): Outcome {
  try {
    const json = store.answer(request);
    return json === undefined ? {ok: true} : {ok: true, json};
  } catch (error) {
    return {ok: false, failure: toFailure(error)};
  }
}
