/**
 * The model of a call's timeline: lanes, bars and marks in time, computed from the journal. Pure.
 *
 * It combines two clocks. Twilio reports when something happened, in whole seconds. The gateway knows to the
 * millisecond when it received the report. Marks are drawn at the time of receipt, so they are exact. A bar's
 * edge is the latest moment that fits all reports: within the second that Twilio named, not after the gateway
 * received the report, and not after the next state. It is at most a second too late. The order is right even
 * for a call shorter than a second.
 */
import {
  type Call,
  type CallDetail,
  type CallHistoryEvent,
  type CallStatus,
  hasEnded,
  type ProviderStatus,
  statusRank,
} from '@hookswitch/protocol';
import {findGaps, MIN_LENGTH_MS, type Span} from './timeline-axis.ts';

/** The source of an event. */
export type MarkKind = 'callback' | 'api' | 'reconcile' | 'command';

export interface Mark {
  /** Index in `CallDetail.events`. */
  readonly index: number;
  readonly event: CallHistoryEvent;
  readonly kind: MarkKind;
  /** When the gateway received it, milliseconds since 1970. */
  readonly at: number;
  /** When it happened according to its timestamp, milliseconds since 1970. */
  readonly happenedAt: number;
  /** It changed nothing: late or duplicate. */
  readonly isHollow: boolean;
  /**
   * Number of repeats, for a mark that stands for them. The journal counts repeats but does not keep their
   * times.
   */
  readonly repeats?: number;
}

export type Phase = 'dialing' | 'ringing' | 'talking';

export interface Bar {
  readonly phase: Phase;
  /** Milliseconds since 1970. */
  readonly from: number;
  readonly to: number;
  /** Not over yet: `to` is the current time. */
  readonly isOpen: boolean;
  /** Since then, nothing has confirmed the state. */
  readonly unconfirmedFrom?: number;
  /** The start was not reported; it is computed from the duration. */
  readonly isInferred: boolean;
}

export interface Lane {
  readonly call: Call;
  readonly isLeg: boolean;
  readonly bars: readonly Bar[];
  /** In drawing and navigation order: by time of receipt, then offset. */
  readonly marks: readonly Mark[];
  /** The outcome and its time. */
  readonly end?: {readonly at: number; readonly status: CallStatus; readonly providerStatus: ProviderStatus};
}

export interface Timeline extends Span {
  /** The whole timeline, milliseconds since 1970; `to` is at least a second after `from`. */
  readonly from: number;
  readonly to: number;
  /** The call or a leg is in progress, so `to` is the current time. */
  readonly isRunning: boolean;
  readonly lanes: readonly Lane[];
  /**
   * Minimum difference between the clocks, because an event arrived this long before its own timestamp. 0: no
   * sign of a difference.
   */
  readonly skewMs: number;
}

/** Twilio's timestamps are whole seconds; the event happened within that second. */
const RESOLUTION_MS = 1000;

/** @param now the gateway's clock, milliseconds since 1970 */
export function buildTimeline(detail: CallDetail, now: number): Timeline {
  const legs = detail.legs.toSorted(
    (a, b) => a.createdAt.localeCompare(b.createdAt) || a.callSid.localeCompare(b.callSid),
  );
  const marks = detail.events.flatMap(toMarks);
  const sids = new Set([detail, ...legs].map(({callSid}) => callSid));
  const facts = [detail, ...legs].map((call, index) => {
    // Events of other calls still belong to the history of this call.
    const own = marks.filter(({event: {callSid}}) =>
      sids.has(callSid) ? callSid === call.callSid : index === 0,
    );
    return {call, own, edges: edgesOf(call, own)};
  });
  const instants = [
    Date.parse(detail.createdAt),
    ...marks.map(({at}) => at),
    ...facts.flatMap(({edges}) => edges.map(({at}) => at)),
  ].filter(Number.isFinite);
  const lastEventAt = Math.max(...instants);
  const isRunning = facts.some(({call}) => !hasEnded(call.providerStatus));
  // If the clock is behind, the call must not end before its last event.
  const end = isRunning ? Math.max(lastEventAt, now) : lastEventAt;
  const lanes = facts.map(({call, own, edges}, index) => ({
    ...laneOf({call, edges, end, unconfirmedSince: index === 0 ? detail.unconfirmedSince : undefined}),
    marks: own.toSorted((a, b) => a.at - b.at || a.event.offset - b.event.offset),
    isLeg: index > 0,
  }));
  const shown = lanes.flatMap(({bars}) => bars.flatMap((bar) => [bar.from, bar.to]));
  const from = Math.min(...instants, ...shown);
  const to = Math.max(end, from + MIN_LENGTH_MS);
  return {
    from,
    to,
    isRunning,
    lanes,
    gaps: findGaps([...instants, ...shown, from, to]),
    skewMs: Math.max(0, ...marks.map((mark) => mark.happenedAt - mark.at)),
  };
}

/** A unique key for each mark; a repeat has the index of its original. */
export function markKey({index, repeats}: Mark): string {
  return repeats === undefined ? String(index) : `${index} again`;
}

function toMarks(event: CallHistoryEvent, index: number): readonly Mark[] {
  const mark: Mark = {
    index,
    event,
    kind: event.kind === 'command' ? 'command' : event.source,
    at: Date.parse(event.receivedAt),
    happenedAt: Date.parse(event.timestamp),
    isHollow: event.verdict !== 'applied',
  };
  return event.repeats === 0 ? [mark] : [mark, {...mark, isHollow: true, repeats: event.repeats}];
}

/** A call's entry into a state. */
interface Edge {
  readonly providerStatus: ProviderStatus;
  readonly at: number;
}

/**
 * The states of the call, in order. Late events count too, because they prove that the call was in that
 * state. Only the end is taken from the call itself, because the first end that was reported stays.
 */
function edgesOf(call: Call, marks: readonly Mark[]): readonly Edge[] {
  const byRank = new Map<number, Edge>();
  for (const mark of marks) {
    const {event} = mark;
    if (mark.repeats !== undefined || event.kind !== 'status' || event.verdict === 'duplicate') continue;
    const {providerStatus} = event;
    if (providerStatus === undefined) continue;
    if (hasEnded(providerStatus) && providerStatus !== call.providerStatus) continue;
    const rank = statusRank(providerStatus);
    const at = latestMoment(mark);
    const known = byRank.get(rank);
    if (known === undefined || at < known.at) byRank.set(rank, {providerStatus, at});
  }
  // The call itself may know a state whose event was trimmed or never sent.
  for (const {providerStatus, time} of statedBy(call)) {
    const rank = statusRank(providerStatus);
    if (time !== undefined && !byRank.has(rank)) byRank.set(rank, {providerStatus, at: Date.parse(time)});
  }
  const edges = [...byRank.values()].sort(
    (a, b) => statusRank(a.providerStatus) - statusRank(b.providerStatus),
  );
  let next = Number.POSITIVE_INFINITY;
  return edges
    .toReversed()
    .map(({providerStatus, at}) => {
      next = Math.min(at, next);
      return {providerStatus, at: next};
    })
    .reverse();
}

function statedBy({providerStatus, answeredAt, endedAt, createdAt}: Call) {
  return [
    {providerStatus: 'in-progress' as const, time: answeredAt},
    {providerStatus, time: hasEnded(providerStatus) ? endedAt : createdAt},
  ];
}

/** The latest moment that fits the event. */
function latestMoment({at, happenedAt}: Mark): number {
  const isExact = happenedAt % RESOLUTION_MS !== 0;
  return Math.min(at, isExact ? happenedAt : happenedAt + RESOLUTION_MS - 1);
}

interface LaneFacts {
  readonly call: Call;
  readonly edges: readonly Edge[];
  /** End of the timeline. */
  readonly end: number;
  readonly unconfirmedSince: string | undefined;
}

function laneOf({call, edges, end, unconfirmedSince}: LaneFacts) {
  const ended = edges.find(({providerStatus}) => hasEnded(providerStatus));
  const bars: Bar[] = [];
  for (const [index, {providerStatus, at}] of edges.entries()) {
    const phase = phaseOf(providerStatus);
    if (phase === undefined) continue;
    const previous = bars.at(-1);
    const next = edges[index + 1];
    const to = next?.at ?? (ended === undefined ? end : at);
    // Queued and initiated are one phase to a reader.
    if (previous?.phase === phase) bars[bars.length - 1] = {...previous, to, isOpen: next === undefined};
    else bars.push({phase, from: at, to, isOpen: next === undefined, isInferred: false});
  }
  const complete = inferTalk(call, bars, ended?.at);
  const last = complete.at(-1);
  const unconfirmedFrom = unconfirmedSince === undefined ? Number.NaN : Date.parse(unconfirmedSince);
  if (last?.isOpen && Number.isFinite(unconfirmedFrom)) {
    const within = Math.min(Math.max(unconfirmedFrom, last.from), last.to);
    complete[complete.length - 1] = {...last, unconfirmedFrom: within};
  }
  return {
    call,
    bars: complete,
    ...(ended === undefined
      ? {}
      : {end: {at: ended.at, status: call.status, providerStatus: ended.providerStatus}}),
  };
}

/** If the answer was not reported, the end and the duration give its time. */
function inferTalk({duration, status}: Call, bars: readonly Bar[], endedAt: number | undefined): Bar[] {
  const last = bars.at(-1);
  const isKnown = bars.some(({phase}) => phase === 'talking');
  if (isKnown || status !== 'completed' || duration === undefined || endedAt === undefined) return [...bars];
  const from = endedAt - duration * 1000;
  const talk: Bar = {phase: 'talking', from, to: endedAt, isOpen: false, isInferred: true};
  if (last === undefined) return [talk];
  // A duration longer than the call comes from a clock that differs.
  if (from < last.from) return [...bars];
  return [...bars.slice(0, -1), {...last, to: from}, talk];
}

function phaseOf(status: ProviderStatus): Phase | undefined {
  switch (status) {
    case 'queued':
    case 'initiated':
      return 'dialing';
    case 'ringing':
      return 'ringing';
    case 'in-progress':
      return 'talking';
    case 'completed':
    case 'busy':
    case 'failed':
    case 'no-answer':
    case 'canceled':
      return undefined;
  }
}
