/** The parts of a row in a table of calls: parties, owner, talk time and link. */
import type {Call} from '@hookswitch/protocol';
import type {ReactNode} from 'react';
import {Link} from 'wouter';
import {Duration} from '../design/duration.tsx';
import {Icon} from '../design/icon.tsx';
import {visibleText} from '../design/visible-text.ts';
import {VisuallyHidden} from '../design/visually-hidden.tsx';
import {directionWord, isInbound} from './call-labels.ts';
import styles from './call-row.module.css';
import {Party} from './party.tsx';

type Parties = Pick<Call, 'from' | 'to' | 'direction' | 'parentCallSid'>;

export function CallParties({call}: {readonly call: Parties}) {
  return (
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
  );
}

/** Badges and {@link CallBelongings}, side by side. */
export function CallNotes({children}: {readonly children: ReactNode}) {
  return <span className={styles.notes}>{children}</span>;
}

/** The user who placed the call, and its metadata. */
export function CallBelongings({call}: {readonly call: Pick<Call, 'user' | 'metadata'>}) {
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

/** Talk time; a dash for a call that was never answered. */
export function TalkTime({seconds}: {readonly seconds: number | undefined}) {
  return seconds === undefined ? <span className={styles.quiet}>–</span> : <Duration seconds={seconds} />;
}

/** For opening in another tab, and for touch. Enter on the row does the same. */
export function OpenCallLink({callSid}: {readonly callSid: string}) {
  return (
    <Link
      href={`/calls/${encodeURIComponent(callSid)}`}
      tabIndex={-1}
      className={styles.open ?? ''}
      aria-label={`Open the call ${callSid.slice(0, 10)}…`}
    >
      <Icon name="chevron-right" size={14} />
    </Link>
  );
}
