/** All events of a call in journal order. They are the evidence for the timeline. */
import type {Call, CallDetail, CallHistoryEvent} from '@hookswitch/protocol';
import {Fragment, useEffect, useRef} from 'react';
import {verdictLabels, verdictReason} from '../../calls/call-labels.ts';
import {Party} from '../../calls/party.tsx';
import {Badge, type Tone} from '../../design/badge.tsx';
import {IconButton} from '../../design/button.tsx';
import {Icon} from '../../design/icon.tsx';
import {StatusMark} from '../../design/status-mark.tsx';
import {Cell, HeadCell, Row, Table} from '../../design/table.tsx';
import {Time} from '../../design/time.tsx';
import type {ListNavigation} from '../../design/use-list-navigation.ts';
import {visibleText} from '../../design/visible-text.ts';
import {VisuallyHidden} from '../../design/visually-hidden.tsx';
import styles from './call.module.css';
import {eventWord, kindLabels, lagText} from './event-labels.ts';
import {preciseOffset} from './offset-labels.ts';

export interface EventsTableProps {
  readonly detail: CallDetail;
  readonly navigation: ListNavigation;
  /** Offsets of the expanded events. */
  readonly unfolded: ReadonlySet<number>;
  readonly onToggle: (offset: number) => void;
}

const tones: Readonly<Record<CallHistoryEvent['verdict'], Tone>> = {
  applied: 'good',
  late: 'warning',
  duplicate: 'neutral',
};

export function EventsTable({detail, navigation, unfolded, onToggle}: EventsTableProps) {
  const {events, legs} = detail;
  const begin = Math.min(...events.map(({receivedAt}) => Date.parse(receivedAt)));
  return (
    <Table label="Events">
      <thead>
        <tr>
          <HeadCell width="2.5rem">
            <VisuallyHidden>Details</VisuallyHidden>
          </HeadCell>
          <HeadCell align="end" width="5rem">
            Offset
          </HeadCell>
          <HeadCell align="end" width="6rem">
            Received
          </HeadCell>
          <HeadCell>Event</HeadCell>
          {legs.length > 0 && <HeadCell>Call</HeadCell>}
          <HeadCell>Source</HeadCell>
          <HeadCell align="end">Sequence</HeadCell>
          <HeadCell align="end">Arrival lag</HeadCell>
          <HeadCell>Verdict</HeadCell>
        </tr>
      </thead>
      <tbody>
        {events.map((event) => {
          const isUnfolded = unfolded.has(event.offset);
          return (
            <Fragment key={event.offset}>
              <Row
                {...navigation.rowProps(String(event.offset))}
                muted={event.verdict !== 'applied'}
                data-offset={event.offset}
                data-clickable
              >
                <EventCells
                  event={event}
                  begin={begin}
                  of={legs.length > 0 ? legName(detail, event.callSid) : undefined}
                  isUnfolded={isUnfolded}
                  onToggle={() => onToggle(event.offset)}
                />
              </Row>
              {isUnfolded && (
                <tr className={styles.unfolded}>
                  <td colSpan={legs.length > 0 ? 9 : 8}>
                    <Evidence event={event} />
                  </td>
                </tr>
              )}
            </Fragment>
          );
        })}
      </tbody>
    </Table>
  );
}

/** Stacked, these cells come after the event and its verdict. */
const stackedLast = {order: 1} as const;

interface EventCellsProps {
  readonly event: CallHistoryEvent;
  /** When the first event was received, milliseconds since 1970. */
  readonly begin: number;
  readonly of: string | undefined;
  readonly isUnfolded: boolean;
  readonly onToggle: () => void;
}

function EventCells({event, begin, of, isUnfolded, onToggle}: EventCellsProps) {
  const {offset, receivedAt, verdict, repeats} = event;
  return (
    <>
      <Cell>
        <IconButton
          small
          tabIndex={-1}
          expanded={isUnfolded}
          label={isUnfolded ? `Hide the details of ${offset}` : `Show the details of ${offset}`}
          onPress={onToggle}
        >
          <Icon name={isUnfolded ? 'chevron-down' : 'chevron-right'} size={14} />
        </IconButton>
      </Cell>
      <Cell align="end" label="Offset" style={stackedLast}>
        {offset}
      </Cell>
      <Cell align="end" label="Received" style={stackedLast}>
        <time dateTime={receivedAt} title={receivedAt}>
          {preciseOffset(Date.parse(receivedAt) - begin)}
        </time>
      </Cell>
      <Cell>
        {event.kind === 'status' ? (
          event.status === undefined ? (
            eventWord(event)
          ) : (
            <StatusMark status={event.status} reason={reasonOf(event)} />
          )
        ) : (
          <bdi className={styles.command}>
            <Icon name="hang-up" size={14} /> {eventWord(event)}
          </bdi>
        )}
      </Cell>
      {of !== undefined && <Cell style={stackedLast}>{of}</Cell>}
      <Cell style={stackedLast}>{kindLabels[event.kind === 'command' ? 'command' : event.source]}</Cell>
      <Cell align="end" label="Sequence" style={stackedLast}>
        {event.kind === 'status' && event.sequence !== undefined ? event.sequence : '–'}
      </Cell>
      <Cell align="end" label="Lag" style={stackedLast}>
        {lagText(event)}
      </Cell>
      <Cell stacked="push">
        <span className={styles.verdict}>
          <Badge tone={tones[verdict]} title={verdictReason(event)}>
            {verdictLabels[verdict]}
          </Badge>
          {repeats > 0 && <span className={styles.quiet}>×{repeats + 1}</span>}
        </span>
      </Cell>
    </>
  );
}

/** `Call`, `Leg 2`. */
function legName({callSid, legs}: CallDetail, of: string): string {
  const index = legs.findIndex((leg) => leg.callSid === of);
  return of === callSid || index === -1 ? 'Call' : `Leg ${index + 1}`;
}

function reasonOf({providerStatus}: Extract<CallHistoryEvent, {kind: 'status'}>): Call['reason'] {
  switch (providerStatus) {
    case 'busy':
    case 'no-answer':
    case 'canceled':
    case 'failed':
      return providerStatus;
    case 'queued':
    case 'initiated':
    case 'ringing':
    case 'in-progress':
    case 'completed':
    case undefined:
      return undefined;
  }
}

/** The parsed event next to its raw fields. */
function Evidence({event}: {readonly event: CallHistoryEvent}) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    box.current?.scrollIntoView({block: 'nearest'});
  }, []);
  const parsed: readonly (readonly [string, React.ReactNode])[] = [
    ['Happened', <Time key="happened" at={event.timestamp} format="full" />],
    ['Received', <Time key="received" at={event.receivedAt} format="full" />],
    ...(event.kind === 'status'
      ? [
          ['Twilio status', event.providerStatus ?? 'not a status of Twilio'] as const,
          ...(event.duration === undefined ? [] : [['Duration', `${event.duration} s`] as const]),
        ]
      : [['User', visibleText(event.user)] as const]),
    ['Call sid', <code key="sid">{visibleText(event.callSid)}</code>],
    ['Verdict', verdictReason(event)],
  ];
  const raw = event.kind === 'status' ? rawFields(event.parameters) : [];
  return (
    <div ref={box} className={styles.evidence}>
      <section aria-label="Parsed">
        <h3>Parsed</h3>
        <dl>
          {parsed.map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
      </section>
      <section aria-label="Raw fields">
        <h3>Raw fields</h3>
        {raw.length === 0 ? (
          <p className={styles.quiet}>{noneLabels(event)}</p>
        ) : (
          <dl className={styles.raw}>
            {raw.map(({key, name, value}) => (
              <div key={key}>
                <dt>{visibleText(name, 80)}</dt>
                <dd>
                  <RawValue name={name} value={value} />
                </dd>
              </div>
            ))}
          </dl>
        )}
      </section>
    </div>
  );
}

/** One entry for each value of a repeated name. */
function rawFields(parameters: Extract<CallHistoryEvent, {kind: 'status'}>['parameters'] = {}) {
  return Object.entries(parameters).flatMap(([name, values]) =>
    [values].flat().map((value, index) => ({key: `${name} ${index}`, name, value})),
  );
}

/** Fields with a phone number, which is masked here as everywhere. */
const NUMBERS = new Set(['From', 'To', 'Caller', 'Called', 'ForwardedFrom']);

function RawValue({name, value}: {readonly name: string; readonly value: string}) {
  if (NUMBERS.has(name) && value !== '') return <Party party={value} />;
  return <bdi>{visibleText(value, 2000)}</bdi>;
}

function noneLabels(event: CallHistoryEvent): string {
  if (event.kind === 'command')
    return 'This command was recorded by the gateway itself, so there are no fields.';
  return event.source === 'callback'
    ? 'The fields are no longer kept.'
    : 'This is a response of Twilio’s REST API, which has no form fields.';
}
