/** The sessions as a virtualized table. */
import {useWindowVirtualizer} from '@tanstack/react-virtual';
import {type ReactNode, useEffect, useLayoutEffect, useRef, useState} from 'react';
import {Badge} from '../../design/badge.tsx';
import {Button} from '../../design/button.tsx';
import {classes} from '../../design/classes.ts';
import {Cell, Row, Table} from '../../design/table.tsx';
import {Time} from '../../design/time.tsx';
import {formatBytes} from '../../design/time-labels.ts';
import {useHold} from '../../design/use-hold.ts';
import {type ListNavigation, useListNavigation} from '../../design/use-list-navigation.ts';
import styles from './connections.module.css';
import {PhaseMark} from './phase-mark.tsx';
import {formatCount, subscriptionLabels} from './session-labels.ts';
import type {LoadedSessions, SessionList, SessionRow} from './session-list.ts';
import type {SessionSort} from './session-query.ts';

export interface SessionRowsProps {
  readonly list: SessionList;
  readonly snapshot: LoadedSessions;
  readonly sort: SessionSort;
  readonly onSort: (sort: SessionSort) => void;
  /** The session of this page. */
  readonly ownId: string | undefined;
  /** `undefined`: the key lacks the scope for the messages of a session. */
  readonly onOpen: ((sessionId: string) => void) | undefined;
}

/** Estimated row height in pixels, for a table row and for a stacked row. */
const ROW_PX = 37;
const BLOCK_PX = 168;
const NARROW = '(max-width: 40rem)';
/** Height of the sticky head, and of the bottom navigation on narrow screens. */
const [HEAD_PX, FOOT_PX] = [84, 72] as const;
const OVERSCAN = 12;

interface Column {
  readonly id: string;
  readonly name: string;
  readonly sort?: SessionSort;
  readonly align?: 'end';
}

const allColumns: readonly Column[] = [
  {id: 'phase', name: 'Phase'},
  {id: 'user', name: 'User'},
  {id: 'node', name: 'Node'},
  {id: 'sees', name: 'Subscription'},
  {id: 'offset', name: 'Offset', align: 'end'},
  {id: 'lag', name: 'Lag', sort: 'lag', align: 'end'},
  {id: 'unsent', name: 'Unsent', sort: 'unsent', align: 'end'},
  {id: 'activity', name: 'Last activity', sort: 'activity'},
  {id: 'connected', name: 'Connected', sort: 'connected'},
  {id: 'address', name: 'Address'},
  {id: 'origin', name: 'Origin'},
  {id: 'protocol', name: 'Protocol'},
  {id: 'open', name: 'Sent'},
];

/** With a single node, the column would be redundant. */
function columnsOf(hasNodes: boolean): readonly Column[] {
  return hasNodes ? allColumns : allColumns.filter(({id}) => id !== 'node');
}

export function SessionRows({list, snapshot, sort, onSort, ownId, onOpen}: SessionRowsProps) {
  const {rows, hasMore, total} = snapshot;
  const hasNodes = snapshot.nodes !== undefined;
  const columns = columnsOf(hasNodes);
  const present = rows.reduce((count, {seen}) => (seen === 'closed' ? count : count + 1), 0);
  // The scroll bar reflects all sessions, not only the loaded ones.
  const count = hasMore ? rows.length + Math.max(1, total - present) : rows.length;
  const body = useRef<HTMLTableSectionElement>(null);
  const scrollMargin = useTop(body);
  const virtualizer = useWindowVirtualizer<HTMLTableRowElement>({
    count,
    estimateSize: () => (window.matchMedia(NARROW).matches ? BLOCK_PX : ROW_PX),
    getItemKey: (index) => rows[index]?.info.sessionId ?? index,
    overscan: OVERSCAN,
    scrollMargin,
    scrollPaddingStart: HEAD_PX,
    scrollPaddingEnd: FOOT_PX,
  });
  const items = virtualizer.getVirtualItems();
  const [first, last] = [items[0]?.index ?? 0, items.at(-1)?.index ?? 0];
  useEffect(() => list.setVisible(first, last), [list, first, last]);
  const {isHeld, props: holdProps} = useHold(body);
  useEffect(() => list.setHeld(isHeld), [list, isHeld]);

  const navigation = useListNavigation({
    ids: rows.map(({info}) => info.sessionId),
    noun: 'session',
    scrollToIndex: (index) => virtualizer.scrollToIndex(index),
    ...(onOpen !== undefined && {onOpen}),
  });
  const before = (items[0]?.start ?? scrollMargin) - scrollMargin;
  const after = virtualizer.getTotalSize() - ((items.at(-1)?.end ?? scrollMargin) - scrollMargin);
  return (
    <div className={styles.list}>
      <Table
        label="Sessions"
        rowCount={count + 1}
        className={classes(styles.sessions, hasNodes && styles['with-nodes'])}
      >
        <thead>
          <tr>
            {columns.map((column) => (
              <SortHead key={column.id} column={column} sort={sort} onSort={onSort} />
            ))}
          </tr>
        </thead>
        <tbody ref={body} {...holdProps}>
          <Gap height={before} />
          {items.map(({index, key}) => {
            const row = rows[index];
            return row === undefined ? (
              <Pending key={key} index={index} measure={virtualizer.measureElement} />
            ) : (
              <SessionLine
                key={key}
                row={row}
                index={index}
                isOwn={row.info.sessionId === ownId}
                hasNodes={hasNodes}
                navigation={navigation}
                measure={virtualizer.measureElement}
                onOpen={onOpen}
              />
            );
          })}
          <Gap height={after} />
        </tbody>
      </Table>
    </div>
  );
}

/** Distance from the top of the page to the first row; it changes with the content above. */
function useTop(body: React.RefObject<HTMLElement | null>): number {
  const [top, setTop] = useState(0);
  useLayoutEffect(() => {
    const now = (body.current?.getBoundingClientRect().top ?? 0) + window.scrollY;
    if (Math.abs(now - top) > 1) setTop(now);
  });
  return top;
}

interface SortHeadProps {
  readonly column: Column;
  readonly sort: SessionSort;
  readonly onSort: (sort: SessionSort) => void;
}

function SortHead({column: {id, name, sort: own, align}, sort, onSort}: SortHeadProps) {
  const isCurrent = own !== undefined && own === sort;
  return (
    <th
      scope="col"
      data-column={id}
      data-align={align}
      {...(isCurrent && {'aria-sort': 'descending' as const})}
    >
      {own === undefined ? (
        name
      ) : (
        <button type="button" className={styles.sort} onClick={() => onSort(own)}>
          {name}
          <span aria-hidden="true" className={styles.arrow}>
            {isCurrent ? '↓' : ''}
          </span>
        </button>
      )}
    </th>
  );
}

/**
 * Replaces the rows that are not rendered. It has a single cell, because a cell that spans hidden columns
 * would make them visible.
 */
function Gap({height}: {readonly height: number}) {
  if (height <= 0) return null;
  return (
    // biome-ignore lint/a11y/noAriaHiddenOnFocusable: nothing in it takes the focus
    <tr className={styles.gap} aria-hidden="true" style={{height}}>
      <td />
    </tr>
  );
}

interface LineBase {
  readonly index: number;
  readonly measure: (element: HTMLTableRowElement | null) => void;
}

/** A row that has not been loaded yet. */
function Pending({index, measure}: LineBase) {
  return (
    // biome-ignore lint/a11y/noAriaHiddenOnFocusable: nothing in it takes the focus
    <tr ref={measure} data-index={index} aria-hidden="true" className={styles.pending}>
      <td>
        <span className={styles.bone} />
      </td>
    </tr>
  );
}

interface SessionLineProps extends LineBase {
  readonly row: SessionRow;
  readonly isOwn: boolean;
  readonly hasNodes: boolean;
  readonly navigation: ListNavigation;
  readonly onOpen: ((sessionId: string) => void) | undefined;
}

function SessionLine({
  row: {info, seen},
  index,
  isOwn,
  hasNodes,
  navigation,
  measure,
  onOpen,
}: SessionLineProps) {
  const {ref, ...rowProps} = navigation.rowProps(info.sessionId);
  return (
    <Row
      {...rowProps}
      ref={(element) => {
        ref(element);
        measure(element);
      }}
      data-index={index}
      data-session={info.sessionId}
      aria-rowindex={index + 2}
      muted={seen !== 'now'}
    >
      <Cell data-column="phase">
        <PhaseMark phase={seen === 'closed' ? 'closed' : info.phase} />
      </Cell>
      <Cell data-column="user" truncate title={info.user} stacked="push">
        {isOwn && <Badge tone="accent">This page</Badge>} {info.user}
      </Cell>
      {hasNodes && (
        <Cell data-column="node" label="Node" truncate title={info.nodeId}>
          {info.nodeId ?? <Nothing>unknown</Nothing>}
        </Cell>
      )}
      <Cell data-column="sees" truncate title={subscriptionTitle(info.subscription)} label="Subscription">
        {subscriptionLabels(info.subscription)}
      </Cell>
      <Cell align="end" label="Offset" data-column="offset">
        {formatCount(info.offset)}
      </Cell>
      <Cell align="end" label="Lag" data-column="lag">
        <Lag lag={info.lag} />
      </Cell>
      <Cell align="end" label="Unsent" data-column="unsent">
        {info.unsentBytes === 0 ? (
          <span className={styles.faint}>0 B</span>
        ) : (
          <span className={styles.behind}>{formatBytes(info.unsentBytes)}</span>
        )}
      </Cell>
      <Cell data-column="activity" label="Last activity" truncate>
        <Time at={info.lastActivityAt} />
      </Cell>
      <Cell data-column="connected" label="Connected" truncate>
        <Time at={info.connectedAt} />
      </Cell>
      <Cell data-column="address" label="Address" truncate title={info.address}>
        {info.address}
      </Cell>
      <Cell data-column="origin" label="Origin" truncate title={info.origin ?? 'No origin: not a web page.'}>
        {info.origin === undefined ? <Nothing>none</Nothing> : withoutScheme(info.origin)}
      </Cell>
      <Cell data-column="protocol" label="Protocol" truncate title={info.protocol}>
        {info.protocol === '' ? <Nothing>none</Nothing> : info.protocol}
      </Cell>
      <Cell data-column="open" stacked="push">
        {seen === 'elsewhere' ? (
          <span title="The session has moved in this order, or closed. This is its previous state.">
            moved
          </span>
        ) : (
          onOpen !== undefined && (
            <Button
              small
              tabIndex={-1}
              label={`Show messages sent to ${info.user}`}
              onPress={() => onOpen(info.sessionId)}
            >
              Sent
            </Button>
          )
        )}
      </Cell>
    </Row>
  );
}

/** Journal entries behind the head, as number, word and color. */
export function Lag({lag}: {readonly lag: number}) {
  if (lag === 0) return <span className={styles.faint}>0</span>;
  return (
    <span className={styles.behind} title="Journal entries that the session has not been sent yet.">
      {formatCount(lag)} behind
    </span>
  );
}

function Nothing({children}: {readonly children: ReactNode}) {
  return <span className={styles.faint}>{children}</span>;
}

const MAX_TITLE_SIDS = 5;

function subscriptionTitle(subscription: SessionRow['info']['subscription']): string {
  if (subscription === 'all') return 'All calls that the token may see.';
  const more = subscription.length - MAX_TITLE_SIDS;
  return [...subscription.slice(0, MAX_TITLE_SIDS), ...(more > 0 ? [`and ${more} more`] : [])].join('\n');
}

/** Nearly all origins have this scheme; removing it leaves room for the part that differs. */
function withoutScheme(origin: string): string {
  return origin.replace(/^https:\/\//, '');
}
