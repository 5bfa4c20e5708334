/** The nodes of an installation as each of them sees all: gauges by node, so that one scrape of any shows who is missing. */
import {Gauge} from 'prom-client';
import type {NodeStatus} from '../cluster/cluster.ts';
import type {Metrics} from './metrics.ts';

/** Adds them; where there is one node only, they have no values. */
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
    'Entries a node is behind the one that is furthest, by node.',
    (node) => node.lag,
  );
  gauge(
    'hookswitch_node_heartbeat_age_seconds',
    'How old the last heartbeat was, by node.',
    (node) => node.heartbeatAgeMs / 1000,
  );
  gauge(
    'hookswitch_node_clock_ahead_seconds',
    "How far a node's clock is ahead of the database's, by node.",
    (node) => node.clockAheadMs / 1000,
  );
}
