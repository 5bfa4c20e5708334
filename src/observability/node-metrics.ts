/** Gauges by node, from the view of this node, so that a scrape of any node shows which nodes are missing. */
import {Gauge} from 'prom-client';
import type {NodeStatus} from '../cluster/cluster.ts';
import type {Metrics} from './metrics.ts';

/** Adds the gauges. A single node has no values. */
export function observeNodes({registry}: Metrics, nodes: () => readonly NodeStatus[]): void {
  const gauge = (name: string, help: string, read: (node: NodeStatus) => number) =>
    new Gauge({
      name,
      help,
      labelNames: ['node'],
      registers: [registry],
      collect() {
        this.reset();
        for (const node of nodes()) this.set({node: node.nodeId}, read(node));
      },
    });
  gauge('hookswitch_node_sessions_open', 'WebSocket sessions open, by node.', (node) => node.openSessions);
  gauge(
    'hookswitch_node_lag_entries',
    'Entries by which a node lags behind the furthest node, by node.',
    (node) => node.lag,
  );
  gauge(
    'hookswitch_node_heartbeat_age_seconds',
    'Age of the last heartbeat, by node.',
    (node) => node.heartbeatAgeMs / 1000,
  );
  gauge(
    'hookswitch_node_clock_ahead_seconds',
    "Lead of a node's clock over the database's, by node.",
    (node) => node.clockAheadMs / 1000,
  );
}
