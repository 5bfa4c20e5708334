/** One webhook: the request, its interpretation, the response, and the reason. */
import type {WebhookDetail as Detail} from '@hookswitch/protocol';
import {toCallStatus} from '@hookswitch/protocol';
import {type ReactNode, useEffect, useRef} from 'react';
import {Link} from 'wouter';
import {endpoints} from '../../api/endpoints.ts';
import {useResource} from '../../api/use-resource.ts';
import {verdictLabels, verdictReason} from '../../calls/call-labels.ts';
import {Party} from '../../calls/party.tsx';
import {Badge} from '../../design/badge.tsx';
import {Button} from '../../design/button.tsx';
import {Duration} from '../../design/duration.tsx';
import {Icon} from '../../design/icon.tsx';
import {EmptyState, Failed, Loading, NotAllowed} from '../../design/states.tsx';
import {StatusMark} from '../../design/status-mark.tsx';
import {Cell, HeadCell, Row, Table} from '../../design/table.tsx';
import {Time} from '../../design/time.tsx';
import {formatBytes} from '../../design/time-labels.ts';
import {visibleText} from '../../design/visible-text.ts';
import {useInfo} from '../../session/session-context.ts';
import {Diagnosis} from './diagnosis.tsx';
import {MaskedText} from './masked-text.tsx';
import {OutcomeMark} from './outcome-mark.tsx';
import {failureOf} from './provider-status.ts';
import {TextCopyButton} from './text-copy-button.tsx';
import {toCurl, toJson} from './webhook-copies.ts';
import {answerLabels, isPrivate, meaningOf, shortSid, subjectOf} from './webhook-labels.ts';
import styles from './webhooks.module.css';

export interface WebhookDetailProps {
  readonly id: number;
  /** Set on narrow pages, where the list is hidden. */
  readonly onBack: (() => void) | undefined;
}

export function WebhookDetail({id, onBack}: WebhookDetailProps) {
  // A webhook never changes, so it is loaded once. It stays on the page after the gateway has dropped it.
  const resource = useResource(endpoints.webhook(id), {keep: true});
  const heading = useRef<HTMLHeadingElement>(null);
  const isAlone = onBack !== undefined;
  const isThere = resource.state === 'ready';
  useEffect(() => {
    if (isAlone && isThere) heading.current?.focus({preventScroll: true});
  }, [isAlone, isThere]);
  return (
    <article className={styles.detail} aria-label={`Webhook ${id}`} aria-busy={!isThere}>
      {onBack !== undefined && (
        <p>
          <Button small keys="Escape" onPress={onBack}>
            <span className={styles.back}>
              <Icon name="chevron-right" size={14} />
            </span>
            All webhooks
          </Button>
        </p>
      )}
      {resource.state === 'loading' && <Loading label="Loading the webhook…" />}
      {resource.state === 'forbidden' && <NotAllowed error={resource.error} />}
      {resource.state === 'failed' &&
        (resource.error.status === 404 ? (
          <EmptyState title={`Webhook ${id} is no longer available`} icon="webhook">
            The gateway keeps the last 1,000 webhooks signed by Twilio and the last 1,000 others, and none
            from before its start.
          </EmptyState>
        ) : (
          <Failed error={resource.error} onRetry={resource.reload} />
        ))}
      {resource.state === 'ready' && <Shown detail={resource.data} headingRef={heading} />}
    </article>
  );
}

interface ShownProps {
  readonly detail: Detail;
  readonly headingRef: React.Ref<HTMLHeadingElement>;
}

function Shown({detail, headingRef}: ShownProps) {
  const {publicUrl} = useInfo();
  const {diagnosis, method, path} = detail;
  return (
    <>
      <header className={styles['detail-head']}>
        <h2 ref={headingRef} tabIndex={-1}>
          <OutcomeMark outcome={detail.outcome} />
          <span className={styles.subject}>
            {detail.providerStatus === undefined ? (
              subjectOf(detail)
            ) : (
              <StatusMark
                status={toCallStatus(detail.providerStatus)}
                reason={failureOf(detail.providerStatus)}
              />
            )}
          </span>
        </h2>
        <div className={styles.copies}>
          <TextCopyButton text={() => toJson(detail)}>Copy as JSON</TextCopyButton>
          <TextCopyButton text={() => toCurl(detail, publicUrl)}>Copy as curl</TextCopyButton>
        </div>
      </header>
      <code className={styles.request}>
        {visibleText(method, 16)} <MaskedText text={path} />
      </code>
      {diagnosis !== undefined && <Diagnosis diagnosis={diagnosis} />}
      <Facts detail={detail} />
      <Fields detail={detail} />
      <Headers detail={detail} />
    </>
  );
}

function Facts({detail}: {readonly detail: Detail}) {
  const {receivedAt, tookMs, verdict, offset, callSid, remoteAddress, reason, bodyBytes} = detail;
  const facts: readonly (readonly [string, ReactNode])[] = [
    ['Response', answerLabels(detail)],
    ['Duration', `${tookMs.toLocaleString()} ms`],
    [
      'Verdict',
      verdict !== undefined && (
        <>
          <Badge tone={verdictTone(verdict)}>{verdictLabels[verdict]}</Badge>{' '}
          <span className={styles.quiet}>{verdictReason({verdict, repeats: 0})}</span>
        </>
      ),
    ],
    ['Reason', reason !== undefined && maskedReason(reason)],
    ['Offset', offset],
    [
      'Call',
      callSid !== undefined && (
        <Link href={`/calls/${encodeURIComponent(callSid)}`} className={styles.sid ?? ''}>
          {visibleText(callSid, 64)}
        </Link>
      ),
    ],
    ['Received', <Time key="received" at={receivedAt} format="full" />],
    ['From address', <MaskedText key="address" text={remoteAddress} />],
    ['Body', formatBytes(bodyBytes)],
  ];
  return (
    <dl className={styles.facts}>
      {facts
        .filter(([, value]) => value !== undefined && value !== false)
        .map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  );
}

function maskedReason(reason: string) {
  return <MaskedText text={reason} maxLength={400} />;
}

function verdictTone(verdict: NonNullable<Detail['verdict']>) {
  return verdict === 'applied' ? 'good' : verdict === 'late' ? 'warning' : 'neutral';
}

function noFieldsReason({headers, bodyBytes}: Detail): string {
  if (!headers.some(({name}) => name === 'x-twilio-signature'))
    return 'The request is not signed, so its body was not read. If Twilio sent it, configure the proxy to pass X-Twilio-Signature on.';
  return bodyBytes === 0 ? 'The request has no body.' : 'The body is not a form, or it is too large.';
}

/** The fields as received, with their meaning. */
function Fields({detail}: {readonly detail: Detail}) {
  const {fields, outcome} = detail;
  if (fields.length === 0) {
    return (
      <section className={styles.part} aria-label="Fields">
        <h3>Fields</h3>
        <p className={styles.quiet}>{noFieldsReason(detail)}</p>
      </section>
    );
  }
  // The fields of a refused request are not interpreted.
  const isUnderstood = outcome !== 'refused';
  return (
    <section className={styles.part} aria-label="Fields">
      <h3>Fields</h3>
      {!isUnderstood && <p className={styles.quiet}>The request was refused, so its fields were not used.</p>}
      <Table label="Fields">
        <thead>
          <tr>
            <HeadCell width="11rem">Name</HeadCell>
            <HeadCell>Raw value</HeadCell>
            {isUnderstood && <HeadCell>Meaning</HeadCell>}
          </tr>
        </thead>
        <tbody>
          {fields.map(({name, value}, index) => (
            // A refused request may repeat names.
            <Row key={index}>
              <Cell stacked="grow">
                <span className={styles.name}>{visibleText(name, 80)}</span>
              </Cell>
              <Cell>
                <Raw name={name} value={value} />
              </Cell>
              {isUnderstood && (
                <Cell>
                  <Understood name={name} value={value} />
                </Cell>
              )}
            </Row>
          ))}
        </tbody>
      </Table>
    </section>
  );
}

function Raw({name, value}: {readonly name: string; readonly value: string}) {
  if (value === '') return <span className={styles.quiet}>empty</span>;
  if (isPrivate(name, value)) return <Party party={value} />;
  return (
    <span className={styles.raw}>
      <MaskedText text={value} maxLength={2000} />
    </span>
  );
}

function Understood({name, value}: {readonly name: string; readonly value: string}) {
  const meaning = meaningOf(name, value);
  if (meaning === undefined) return null;
  switch (meaning.kind) {
    case 'call':
      return (
        <Link href={`/calls/${encodeURIComponent(meaning.callSid)}`}>call {shortSid(meaning.callSid)}</Link>
      );
    case 'status':
      return <StatusMark status={toCallStatus(meaning.status)} reason={failureOf(meaning.status)} />;
    case 'time':
      return <Time at={meaning.at} format="full" />;
    case 'seconds':
      return <Duration seconds={meaning.seconds} />;
    case 'words':
      return meaning.words;
  }
}

function Headers({detail: {headers}}: {readonly detail: Detail}) {
  return (
    <section className={styles.part} aria-label="Headers">
      <h3>Headers</h3>
      <p className={styles.quiet}>Only relevant headers. The signature is not shown.</p>
      <Table label="Headers">
        <thead>
          <tr>
            <HeadCell width="11rem">Name</HeadCell>
            <HeadCell>Value</HeadCell>
          </tr>
        </thead>
        <tbody>
          {headers.map(({name, value}) => (
            <Row key={name}>
              <Cell stacked="grow">
                <span className={styles.name}>{visibleText(name, 80)}</span>
              </Cell>
              <Cell>
                <span className={styles.raw}>
                  <MaskedText text={value} maxLength={2000} />
                </span>
              </Cell>
            </Row>
          ))}
        </tbody>
      </Table>
    </section>
  );
}
