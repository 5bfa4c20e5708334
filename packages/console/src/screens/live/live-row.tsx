/** One call in the table. Its time ticks by itself; everything else is rendered when it changes. */
import {memo} from 'react';
import {Link} from 'wouter';
import {Badge} from '../../design/badge.tsx';
import {Button} from '../../design/button.tsx';
import {Duration} from '../../design/duration.tsx';
import {Icon} from '../../design/icon.tsx';
import {StatusMark} from '../../design/status-mark.tsx';
import {Cell} from '../../design/table.tsx';
import {Time} from '../../design/time.tsx';
import {VisuallyHidden} from '../../design/visually-hidden.tsx';
import {answeredByWords, directionWord, isInbound} from '../call/call-words.ts';
import {Party} from '../call/party.tsx';
import {useHangUp} from '../call/session-stores.ts';
import {visibleText} from '../call/visible-text.ts';
import styles from './live.module.css';
import type {LiveRow} from './row-order.ts';

export interface LiveCellsProps {
  readonly row: LiveRow;
  readonly isLeg: boolean;
  /** Its legs, where they are not shown beneath it yet. */
  readonly waitingLegs: number;
  /** ISO 8601, while nothing has confirmed its state for longer than that state allows. */
  readonly unconfirmedSince: string | undefined;
  /** The gateway's clock when what is shown was last known to be so; milliseconds. Not live: nothing ticks. */
  readonly asOf: number | undefined;
  readonly mayHangUp: boolean;
  readonly onHangUp: (callSid: string) => void;
}

/** Where rows are stacked, status and time come first, then who; `order` means nothing in a table. */
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
  const machine = answeredByWords(call.answeredBy);
  return (
    <>
      <Cell>
        <span className={isLeg ? styles.leg : undefined}>
          <StatusMark status={life === 'vanished' ? 'unknown' : call.status} reason={call.reason} />
        </span>
      </Cell>
      <Cell stacked="grow" style={{order: 2}}>
        <span className={styles.parties}>
          <span className={styles.direction} title={directionWord(call)}>
            <Icon name={isInbound(call.direction) ? 'inbound' : 'outbound'} size={14} />
            <VisuallyHidden>{directionWord(call)}</VisuallyHidden>
          </span>
          <Party party={call.from} />
          <span className={styles.target}>
            <span aria-hidden="true" className={styles.arrow}>
              →
            </span>
            <VisuallyHidden> to </VisuallyHidden>
            <Party party={call.to} />
          </span>
        </span>
      </Cell>
      <Cell style={{order: 3}}>
        <span className={styles.notes}>
          {unconfirmedSince !== undefined && life === 'in-progress' && (
            <Badge
              tone="warning"
              title="Nothing has confirmed this state for longer than it usually lasts. It is being looked up."
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
          {isLeg ? <span className={styles.quiet}>leg</span> : <Belongings row={row} />}
        </span>
      </Cell>
      <Cell align="end" stacked="push" style={{order: 1}}>
        <Elapsed row={row} asOf={asOf} />
      </Cell>
      <Cell align="end" stacked="push" style={{order: 4}}>
        <span className={styles.action}>
          <HangUpCell row={row} isLive={asOf === undefined} mayHangUp={mayHangUp} onHangUp={onHangUp} />
          <Link
            href={`/calls/${encodeURIComponent(call.callSid)}`}
            tabIndex={-1}
            className={styles.open ?? ''}
            aria-label={`Open the call ${call.callSid.slice(0, 10)}…`}
          >
            <Icon name="chevron-right" size={14} />
          </Link>
        </span>
      </Cell>
    </>
  );
});

/** Whose it is, and what was given along. */
function Belongings({row: {call}}: {readonly row: LiveRow}) {
  const metadata = Object.entries(call.metadata ?? {}).map(
    ([name, value]) => `${visibleText(name, 64)}: ${visibleText(String(value), 80)}`,
  );
  const words = [...(call.user === undefined ? [] : [visibleText(call.user, 64)]), ...metadata];
  if (words.length === 0) return null;
  return (
    <bdi className={styles.belongings} title={words.join('\n')}>
      {words.join(' · ')}
    </bdi>
  );
}

function Elapsed({row: {call, life}, asOf}: Pick<LiveCellsProps, 'row' | 'asOf'>) {
  if (life !== 'in-progress') {
    return call.duration === undefined ? (
      <span className={styles.quiet}>–</span>
    ) : (
      <Duration seconds={call.duration} />
    );
  }
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
