/** The summary of a call: its state, its parties, and its legs as a tree. */
import type {Call, CallDetail} from '@hookswitch/protocol';
import type {ReactNode} from 'react';
import {Link} from 'wouter';
import {answeredByLabels, directionWord} from '../../calls/call-labels.ts';
import {Party} from '../../calls/party.tsx';
import {useHangUp} from '../../calls/use-hang-ups.ts';
import {Badge} from '../../design/badge.tsx';
import {CopyButton} from '../../design/copy-button.tsx';
import {Duration} from '../../design/duration.tsx';
import {StatusMark} from '../../design/status-mark.tsx';
import {Time} from '../../design/time.tsx';
import {visibleText} from '../../design/visible-text.ts';
import styles from './call.module.css';
import {useNewest} from './use-call-detail.ts';

export interface CallFactsProps {
  readonly detail: CallDetail;
  readonly asOf: number | undefined;
}

export function CallFacts({detail, asOf}: CallFactsProps) {
  const call = useNewest(detail);
  const {unconfirmedSince} = detail;
  const isOver = isEnded(call);
  const metadata = Object.entries(call.metadata ?? {});
  return (
    <section className={styles.facts} aria-label="Summary" data-stale={asOf !== undefined || undefined}>
      <div className={styles.state}>
        <StatusMark status={call.status} reason={call.reason} />
        <span className={styles.elapsed}>
          <Elapsed call={call} asOf={asOf} />
        </span>
        {unconfirmedSince !== undefined && !isOver && (
          <Badge
            tone="warning"
            title="This state has lasted longer than usual without confirmation. The gateway is looking it up."
          >
            unconfirmed since <Time at={unconfirmedSince} format="clock" />
          </Badge>
        )}
        <HangUpNote callSid={call.callSid} isOver={isOver} />
      </div>
      <dl className={styles.list}>
        <Fact name="From">
          <Party party={call.from} />
        </Fact>
        <Fact name="To">
          <Party party={call.to} />
        </Fact>
        <Fact name="Direction">{directionWord(call)}</Fact>
        {call.user !== undefined && <Fact name="Placed by">{visibleText(call.user)}</Fact>}
        {answeredByLabels(call.answeredBy) !== undefined && (
          <Fact name="Answered by">{answeredByLabels(call.answeredBy)}</Fact>
        )}
        <Fact name="Started">
          <Time at={call.createdAt} format="full" />
        </Fact>
        {call.answeredAt !== undefined && (
          <Fact name="Answered">
            <Time at={call.answeredAt} format="clock" />
          </Fact>
        )}
        {call.endedAt !== undefined && (
          <Fact name="Ended">
            <Time at={call.endedAt} format="clock" />
          </Fact>
        )}
        <Fact name="Call sid">
          <span className={styles.sid}>
            <code>{visibleText(call.callSid)}</code>
            <CopyButton text={call.callSid} label="Copy call sid" />
          </span>
        </Fact>
        {call.parentCallSid !== undefined && (
          <Fact name="Leg of">
            <Link href={`/calls/${encodeURIComponent(call.parentCallSid)}`}>
              <code>{visibleText(call.parentCallSid)}</code>
            </Link>
          </Fact>
        )}
        {metadata.map(([name, value]) => (
          <Fact key={name} name={visibleText(name, 64)} isOwn>
            {visibleText(String(value), 512)}
          </Fact>
        ))}
      </dl>
      {detail.legs.length > 0 && <Legs call={call} legs={detail.legs} asOf={asOf} />}
    </section>
  );
}

/** Whether the call is over. */
export function isEnded({status}: Pick<Call, 'status'>): boolean {
  return status === 'completed' || status === 'failed';
}

interface FactProps {
  readonly name: string;
  /** Metadata from the request that placed the call. */
  readonly isOwn?: boolean;
  readonly children: ReactNode;
}

function Fact({name, isOwn = false, children}: FactProps) {
  return (
    <div data-own={isOwn || undefined}>
      <dt>
        <bdi>{name}</bdi>
      </dt>
      <dd>
        <bdi>{children}</bdi>
      </dd>
    </div>
  );
}

function Elapsed({call, asOf}: {readonly call: Call; readonly asOf: number | undefined}) {
  if (isEnded(call)) return call.duration === undefined ? null : <Duration seconds={call.duration} />;
  const since = Date.parse(call.answeredAt ?? call.createdAt);
  return asOf === undefined ? <Duration since={since} /> : <Duration seconds={(asOf - since) / 1000} />;
}

function HangUpNote({callSid, isOver}: {readonly callSid: string; readonly isOver: boolean}) {
  const hangUp = useHangUp(callSid);
  if (hangUp?.phase !== 'failed' || isOver) return null;
  return (
    <span role="alert" className={styles.error}>
      {hangUp.message}
    </span>
  );
}

interface LegsProps {
  readonly call: Call;
  readonly legs: readonly Call[];
  readonly asOf: number | undefined;
}

function Legs({call, legs, asOf}: LegsProps) {
  return (
    <div className={styles.legs}>
      <h2>Legs</h2>
      <ul>
        <li>
          <LegLine call={call} asOf={asOf} />
          <ul>
            {legs.map((leg) => (
              <li key={leg.callSid}>
                <LegLine call={leg} asOf={asOf} isLink />
              </li>
            ))}
          </ul>
        </li>
      </ul>
    </div>
  );
}

interface LegLineProps {
  readonly call: Call;
  readonly asOf: number | undefined;
  readonly isLink?: boolean;
}

function LegLine({call: known, asOf, isLink = false}: LegLineProps) {
  const call = useNewest(known);
  const parties = (
    <>
      <Party party={call.from} plain /> → <Party party={call.to} plain />
    </>
  );
  return (
    <span className={styles['leg-line']}>
      <StatusMark status={call.status} reason={call.reason} />
      {isLink ? <Link href={`/calls/${call.callSid}`}>{parties}</Link> : <span>{parties}</span>}
      <span className={styles.quiet}>
        <Elapsed call={call} asOf={asOf} />
      </span>
    </span>
  );
}
