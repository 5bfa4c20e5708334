/**
 * Whose duty it is, within the transaction that writes. The lock keeps it so until the commit: another node takes the lease
 * over before, and its holder of before writes nothing; or after, and then this write was its last.
 */
import type {PostgresConnection, PreparedStatement} from '../../../postgres/postgres-connection.ts';
import {numberOf, textOf} from '../../../postgres/rows.ts';
import type {Fence} from '../../fence.ts';
import type {GroupRequest} from './write-requests.ts';

// In one order, so that two that want both do not wait for each other. Whether it has run out does not matter while nobody else has it.
const LOCK: PreparedStatement = {
  name: 'lock-fences',
  text: `SELECT name, token, holder FROM hookswitch.leases WHERE name = ANY ($1::text[]) AND holder IS NOT NULL
    ORDER BY name FOR SHARE`,
};

/** Each duty that a request of the group is fenced with, as it is held now; none of one that nobody has. */
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
