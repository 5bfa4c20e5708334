/** Two ways to post webhooks: at a fixed rate regardless of the server, and as fast as the responses arrive. */
import {setTimeout as wait} from 'node:timers/promises';
import type {HttpConnection} from './http-connection.ts';

/**
 * Posts at `perSecond` on average, with the random gaps of independent callers. Resolves with the sorted latencies in
 * milliseconds. If every connection is busy, the latency counts from the moment the request was due.
 */
export async function postAtRate(
  connections: readonly HttpConnection[],
  requests: readonly Buffer[],
  perSecond: number,
  /** Filled with the times (`performance.now()`) at which the requests were due. */
  dueMoments?: Float64Array,
): Promise<Float64Array> {
  const latencies = new Float64Array(requests.length);
  const free = [...connections];
  const waiting: ((connection: HttpConnection) => void)[] = [];
  const answers: Promise<void>[] = [];
  let dueAt = performance.now();

  const post = async (connection: HttpConnection, index: number, startedAt: number) => {
    const request = requests[index];
    if (request !== undefined) await connection.post(request);
    latencies[index] = performance.now() - startedAt;
    const next = waiting.shift();
    if (next === undefined) free.push(connection);
    else next(connection);
  };

  for (const index of requests.keys()) {
    dueAt += (-Math.log(1 - Math.random()) / perSecond) * 1000;
    if (dueMoments !== undefined) dueMoments[index] = dueAt;
    const early = dueAt - performance.now();
    // Timers wait at least a millisecond. At thousands per second, the next requests are therefore sent together.
    if (early >= 1) await wait(early);
    const connection = free.pop();
    if (connection !== undefined) answers.push(post(connection, index, performance.now()));
    else {
      const startedAt = dueAt;
      const {promise, resolve} = Promise.withResolvers<void>();
      waiting.push((freed) => resolve(post(freed, index, startedAt)));
      answers.push(promise);
    }
  }
  await Promise.all(answers);
  return latencies.sort();
}

/** Each connection posts the next request when it has its response. Resolves with the sorted latencies in ms. */
export async function postAllOut(
  connections: readonly HttpConnection[],
  requests: readonly Buffer[],
): Promise<Float64Array> {
  const latencies = new Float64Array(requests.length);
  const rest = requests.entries();
  await Promise.all(
    connections.map(async (connection) => {
      // All connections share one iterator, so that each request is sent once.
      for (const [index, request] of rest) {
        const startedAt = performance.now();
        await connection.post(request);
        latencies[index] = performance.now() - startedAt;
      }
    }),
  );
  return latencies.sort();
}
