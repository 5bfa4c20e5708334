/** One call in the table. Its time ticks on its own; everything else renders only on changes. */
import {memo} from 'react';
import {answeredByLabels} from '../../calls/call-labels.ts';
import {CallBelongings, CallNotes, CallParties, OpenCallLink, TalkTime} from '../../calls/call-row.tsx';
import {useHangUp} from '../../calls/use-hang-ups.ts';
import {Badge} from '../../design/badge.tsx';
import {Button} from '../../design/button.tsx';
import {Duration} from '../../design/duration.tsx';
import {StatusMark} from '../../design/status-mark.tsx';
import {Cell} from '../../design/table.tsx';
import {Time} from '../../design/time.tsx';
import styles from './live.module.css';
import type {LiveRow} from './row-order.ts';

export interface LiveCellsProps {
  readonly row: LiveRow;
  readonly isLeg: boolean;
  /** Number of its legs that are not shown below it yet. */
  readonly waitingLegs: number;
  /** ISO 8601, while the state has lasted longer than usual without confirmation. */
  readonly unconfirmedSince: string | undefined;
  /** The gateway's clock when the row was last live, in milliseconds. While it is set, nothing ticks. */
  readonly asOf: number | undefined;
  readonly mayHangUp: boolean;
  readonly onHangUp: (callSid: string) => void;
}

/** Stacked, status and time come first, then the parties. `order` has no effect in a table. */
export const LiveCells = memo(function LiveCells({
  row,
  isLeg,
  waitingLegs,
  unconfirmedSince,
  asOf,
  mayHangUp,
  onHangUp,
}: LiveCellsProps) {
  const {call, life} = row;
  const machine = answeredByLabels(call.answeredBy);
  return (
    <>
      <Cell>
        <span className={isLeg ? styles.leg : undefined}>
          <StatusMark status={life === 'vanished' ? 'unknown' : call.status} reason={call.reason} />
        </span>
      </Cell>
      <Cell stacked="grow" style={{order: 2}}>
        <CallParties call={call} />
      </Cell>
      <Cell style={{order: 3}}>
        <CallNotes>
          {unconfirmedSince !== undefined && life === 'in-progress' && (
            <Badge
              tone="warning"
              title="This state has lasted longer than usual without confirmation. The gateway is looking it up."
            >
              unconfirmed since <Time at={unconfirmedSince} format="clock" />
            </Badge>
          )}
          {waitingLegs > 0 && (
            <Badge>
              +{waitingLegs} leg{waitingLegs === 1 ? '' : 's'}
            </Badge>
          )}
          {machine !== undefined && <Badge>{machine}</Badge>}
          {isLeg ? <span className={styles.quiet}>leg</span> : <CallBelongings call={call} />}
        </CallNotes>
      </Cell>
      <Cell align="end" stacked="push" style={{order: 1}}>
        <Elapsed row={row} asOf={asOf} />
      </Cell>
      <Cell align="end" stacked="push" style={{order: 4}}>
        <span className={styles.action}>
          <HangUpCell row={row} isLive={asOf === undefined} mayHangUp={mayHangUp} onHangUp={onHangUp} />
          <OpenCallLink callSid={call.callSid} />
        </span>
      </Cell>
    </>
  );
});

function Elapsed({row: {call, life}, asOf}: Pick<LiveCellsProps, 'row' | 'asOf'>) {
  if (life !== 'in-progress') return <TalkTime seconds={call.duration} />;
  const since = Date.parse(call.answeredAt ?? call.createdAt);
  return asOf === undefined ? <Duration since={since} /> : <Duration seconds={(asOf - since) / 1000} />;
}

type HangUpCellProps = Pick<LiveCellsProps, 'row' | 'mayHangUp' | 'onHangUp'> & {readonly isLive: boolean};

function HangUpCell({row: {call, life}, isLive, mayHangUp, onHangUp}: HangUpCellProps) {
  const hangUp = useHangUp(call.callSid);
  if (!mayHangUp || life !== 'in-progress') return null;
  return (
    <>
      {hangUp?.phase === 'failed' && (
        <span role="alert" className={styles.error}>
          {hangUp.message}
        </span>
      )}
      <Button
        small
        variant="danger"
        tabIndex={-1}
        keys="x"
        disabled={!isLive}
        busy={hangUp?.phase === 'under-way'}
        onPress={() => onHangUp(call.callSid)}
      >
        {hangUp?.phase === 'under-way' ? 'Hanging up…' : 'Hang up'}
      </Button>
    </>
  );
}
