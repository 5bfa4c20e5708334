/**
 * Checks lease holders inside the transaction that writes. The row lock keeps the holder until the commit.
 * Another node takes over either before, and then the previous holder writes nothing, or after this write.
 */
import type {PostgresConnection, PreparedStatement} from '../../../postgres/postgres-connection.ts';
import {numberOf, textOf} from '../../../postgres/rows.ts';
import type {Fence} from '../../fence.ts';
import type {GroupRequest} from './write-requests.ts';

// Rows are locked in one order to avoid deadlocks. Expiry does not matter while no other node holds the
// lease.
const LOCK: PreparedStatement = {
  name: 'lock-fences',
  text: `SELECT name, token, holder FROM hookswitch.leases WHERE name = ANY ($1::text[]) AND holder IS NOT NULL
    ORDER BY name FOR SHARE`,
};

/**
 * Returns the current holder of each lease that a request is fenced with. Leases without a holder are left
 * out.
 */
export async function lockFences(
  connection: PostgresConnection,
  requests: readonly GroupRequest[],
): Promise<ReadonlyMap<string, Fence>> {
  const names = new Set<string>();
  for (const request of requests) {
    if (request.kind === 'append' && request.fence !== undefined) names.add(request.fence.name);
  }
  if (names.size === 0) return new Map();
  const rows = await connection.query(LOCK, [[...names]]);
  return new Map(
    rows.map((row) => {
      const name = textOf(row['name']);
      return [name, {name, token: numberOf(row['token']), holder: textOf(row['holder'])}];
    }),
  );
}
