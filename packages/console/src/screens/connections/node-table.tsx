/** The nodes that share the journal: their sessions, lag, heartbeat and clock. */
import type {NodeInfo} from '@hookswitch/protocol';
import {Badge} from '../../design/badge.tsx';
import {Cell, HeadCell, Row, Table} from '../../design/table.tsx';
import {Time} from '../../design/time.tsx';
import styles from './connections.module.css';
import {nodeClockLabels, nodeHeartbeatLabels} from './node-labels.ts';
import {formatCount} from './session-labels.ts';
import {Lag} from './session-rows.tsx';

export function NodeTable({nodes}: {readonly nodes: readonly NodeInfo[]}) {
  return (
    <Table label="Nodes">
      <thead>
        <tr>
          <HeadCell>Node</HeadCell>
          <HeadCell align="end">Sessions</HeadCell>
          <HeadCell align="end">Offset</HeadCell>
          <HeadCell align="end">Lag</HeadCell>
          <HeadCell>Heartbeat</HeadCell>
          <HeadCell>Clock</HeadCell>
          <HeadCell>Started</HeadCell>
          <HeadCell>Version</HeadCell>
        </tr>
      </thead>
      <tbody>
        {nodes.map((node) => (
          // Two nodes may have the same id, but not the same start time.
          <NodeLine key={`${node.nodeId} ${node.startedAt}`} node={node} />
        ))}
      </tbody>
    </Table>
  );
}

function NodeLine({node}: {readonly node: NodeInfo}) {
  const heartbeat = nodeHeartbeatLabels(node.heartbeatAgeMs);
  const clock = nodeClockLabels(node.clockAheadMs);
  return (
    <Row data-node={node.nodeId}>
      <Cell title={node.nodeId}>
        <span className={styles['node-name']}>
          {node.isSelf && <Badge tone="accent">Serves this page</Badge>} {node.nodeId}
        </span>
      </Cell>
      <Cell align="end" label="Sessions">
        {formatCount(node.sessions)}
      </Cell>
      <Cell align="end" label="Offset">
        {formatCount(node.offset)}
      </Cell>
      <Cell align="end" label="Lag">
        <Lag lag={node.lag} />
      </Cell>
      <Cell label="Heartbeat">
        <span className={heartbeat.isLate ? styles.behind : styles.faint}>{heartbeat.text}</span>
      </Cell>
      <Cell label="Clock">
        <span className={clock.isOff ? styles.behind : styles.faint}>{clock.text}</span>
      </Cell>
      <Cell label="Started" truncate>
        <Time at={node.startedAt} />
      </Cell>
      <Cell label="Version">{node.version}</Cell>
    </Row>
  );
}
