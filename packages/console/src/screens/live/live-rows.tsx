/**
 * The table of live calls. Rows keep their places while the user points at them; new rows are announced by a
 * pill.
 */
import {useEffect, useRef, useState} from 'react';
import {Button} from '../../design/button.tsx';
import {KeyHint} from '../../design/key-hint.tsx';
import {NewsPill} from '../../design/news-pill.tsx';
import {HeadCell, Row, Table} from '../../design/table.tsx';
import {useHold} from '../../design/use-hold.ts';
import type {ListNavigation} from '../../design/use-list-navigation.ts';
import {VisuallyHidden} from '../../design/visually-hidden.tsx';
import styles from './live.module.css';
import {LiveCells, type LiveCellsProps} from './live-row.tsx';
import type {LiveTable, LiveTableSnapshot} from './live-table.ts';

export interface LiveRowsProps extends Pick<LiveCellsProps, 'asOf' | 'mayHangUp' | 'onHangUp'> {
  readonly table: LiveTable;
  readonly snapshot: LiveTableSnapshot;
  readonly navigation: ListNavigation;
  readonly unconfirmed: ReadonlyMap<string, string>;
}

/** More rows than anyone reads, and few enough for the browser. */
const SHOWN_AT_ONCE = 250;

export function LiveRows({
  table,
  snapshot,
  navigation,
  unconfirmed,
  asOf,
  mayHangUp,
  onHangUp,
}: LiveRowsProps) {
  const {lines, rows} = snapshot.order;
  const box = useRef<HTMLDivElement>(null);
  const {isHeld, props} = useHold(box);
  const [shown, setShown] = useState(SHOWN_AT_ONCE);
  const isSelected = navigation.selectedId !== undefined;
  useEffect(() => {
    table.setHeld(isHeld || isSelected);
  }, [table, isHeld, isSelected]);
  useEffect(() => () => table.setHeld(false), [table]);
  const waiting = waitingLegs(snapshot);
  return (
    <div ref={box} className={styles.rows} data-stale={asOf !== undefined || undefined} {...props}>
      <NewPill table={table} snapshot={snapshot} />
      <Table label="Live calls" rowCount={lines.length + 1}>
        <thead>
          <tr>
            <HeadCell width="9.5rem">Status</HeadCell>
            <HeadCell>From → to</HeadCell>
            <HeadCell>Notes</HeadCell>
            <HeadCell align="end" width="5rem">
              Time
            </HeadCell>
            <HeadCell align="end" width="10rem">
              <VisuallyHidden>Action</VisuallyHidden>
            </HeadCell>
          </tr>
        </thead>
        <tbody>
          {lines.slice(0, shown).map(({callSid, isLeg}) => {
            const row = rows.get(callSid);
            if (row === undefined) return null;
            return (
              <Row
                key={callSid}
                {...navigation.rowProps(callSid)}
                muted={row.life !== 'in-progress'}
                data-sid={callSid}
                data-life={row.life}
                data-clickable
              >
                <LiveCells
                  row={row}
                  isLeg={isLeg}
                  waitingLegs={waiting.get(callSid) ?? 0}
                  unconfirmedSince={unconfirmed.get(callSid)}
                  asOf={asOf}
                  mayHangUp={mayHangUp}
                  onHangUp={onHangUp}
                />
              </Row>
            );
          })}
        </tbody>
      </Table>
      <p className={styles.hints} aria-hidden="true">
        <KeyHint keys="j" /> <KeyHint keys="k" /> move <KeyHint keys="Enter" /> open <KeyHint keys="x" /> hang
        up <KeyHint keys="r" /> show numbers <KeyHint keys="Escape" /> clear selection
      </p>
      {lines.length > shown && (
        <p className={styles.rest}>
          {lines.length - shown} more.{' '}
          <Button small onPress={() => setShown(shown + SHOWN_AT_ONCE)}>
            Show more
          </Button>
        </p>
      )}
    </div>
  );
}

function NewPill({table, snapshot}: Pick<LiveRowsProps, 'table' | 'snapshot'>) {
  const {newCalls, newLegs} = snapshot.order;
  const words = [
    ...(newCalls > 0 ? [`${newCalls} new`] : []),
    ...(newLegs > 0 ? [`${newLegs} leg${newLegs === 1 ? '' : 's'}`] : []),
  ].join(', ');
  return <NewsPill words={words} onShow={() => table.showNew()} />;
}

/** The number of hidden legs for each visible call. */
function waitingLegs({order: {rows, lines, newLegs}}: LiveTableSnapshot): ReadonlyMap<string, number> {
  const waiting = new Map<string, number>();
  if (newLegs === 0) return waiting;
  const shown = new Set(lines.map(({callSid}) => callSid));
  for (const [callSid, {call}] of rows) {
    const parent = call.parentCallSid;
    if (shown.has(callSid) || parent === undefined || !shown.has(parent)) continue;
    waiting.set(parent, (waiting.get(parent) ?? 0) + 1);
  }
  return waiting;
}
