/** Spreads callbacks over several nodes, each at its share of the rate. */
import {callbackStatuses, randomCallSid, signedCallbacks} from './callbacks.ts';
import {HttpConnection} from './http-connection.ts';
import {postAtRate} from './webhook-load.ts';

export interface SpreadOptions {
  /** Port of the address that the callbacks are signed for. */
  readonly publicPort: number;
  /** Ports of the nodes. */
  readonly ports: readonly number[];
  /** A multiple of four. */
  readonly count: number;
  /** Rate of all nodes together. */
  readonly perSecond: number;
  readonly connectionsOfNode: number;
}

/** A callback that was posted. */
export interface Posted {
  readonly callSid: string;
  readonly status: string;
  /** Index of the node that received it. */
  readonly node: number;
  /** When it was due (`performance.now()`). */
  readonly dueAt: number;
}

export interface SpreadLoad {
  readonly posted: readonly Posted[];
  /** Responses per second, from the first due request to the last response. */
  readonly perSecond: number;
}

/** Prepared requests, so that `postSpread` only posts. */
export interface Prepared {
  readonly options: SpreadOptions;
  readonly callSids: readonly string[];
  readonly requests: readonly Buffer[];
}

/** Sends each status for all calls before the next status of any, so that no status overtakes an earlier one. */
export function prepare(options: SpreadOptions): Prepared {
  const {publicPort, count} = options;
  const callSids = Array.from({length: count / callbackStatuses.length}, randomCallSid);
  const requests = signedCallbacks({port: publicPort, count, concurrentCalls: callSids.length, callSids});
  return {options, callSids, requests};
}

/** Posts everything. The statuses of one call go to the nodes in turn. @throws when a response is not 204 */
export async function postSpread({options, callSids, requests}: Prepared): Promise<SpreadLoad> {
  const {ports, perSecond, connectionsOfNode} = options;
  const connections = await Promise.all(
    ports.map((port) => HttpConnection.openSeveral(port, connectionsOfNode)),
  );
  const nodeOf = (index: number) => (index + Math.floor(index / callSids.length)) % ports.length;
  const shares = ports.map((_, node) =>
    requests.flatMap((request, index) => (nodeOf(index) === node ? [{request, index}] : [])),
  );
  const startedAt = performance.now();
  const posted: Posted[] = [];
  await Promise.all(
    shares.map(async (share, node) => {
      const due = new Float64Array(share.length);
      const mine = share.map(({request}) => request);
      await postAtRate(connections[node] ?? [], mine, perSecond / ports.length, due);
      for (const [place, {index}] of share.entries()) {
        const callSid = callSids[index % callSids.length] ?? '';
        const status = callbackStatuses[Math.floor(index / callSids.length)] ?? '';
        posted.push({callSid, status, node, dueAt: due[place] ?? Number.NaN});
      }
    }),
  );
  const seconds = (performance.now() - startedAt) / 1000;
  for (const connection of connections.flat()) connection.close();
  return {posted, perSecond: requests.length / seconds};
}
