/**
 * What the picture of a call shows: lanes, bars and marks in time, from what the journal has of it. Pure.
 *
 * Two clocks meet here. Twilio says when something happened, in whole seconds; the gateway knows to the millisecond when
 * it heard of it. Marks are drawn where the gateway heard; they are exact. A bar's edge is the latest moment that fits
 * everything that was said about it: within the second that Twilio named, not after the gateway had heard of it, and
 * not after what came next. It is at most a second too late, and a call that lives for less than one still has its order.
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

/** What somebody did to a call, or heard of it. */
export type MarkKind = 'callback' | 'api' | 'reconcile' | 'command';

export interface Mark {
  /** Its place in `CallDetail.events`. */
  readonly index: number;
  readonly event: CallHistoryEvent;
  readonly kind: MarkKind;
  /** When the gateway heard of it, milliseconds since 1970. */
  readonly at: number;
  /** When it is said to have happened, milliseconds since 1970. */
  readonly happenedAt: number;
  /** It changed nothing: late or repeated. */
  readonly isHollow: boolean;
}

export type Phase = 'dialling' | 'ringing' | 'talking';

export interface Bar {
  readonly phase: Phase;
  /** Milliseconds since 1970. */
  readonly from: number;
  readonly to: number;
  /** Goes on: `to` is now. */
  readonly isOpen: boolean;
  /** From here on nothing has confirmed it. */
  readonly unconfirmedFrom?: number;
  /** Nobody said when it began: worked out from the duration. */
  readonly isInferred: boolean;
}

export interface Lane {
  readonly call: Call;
  readonly isLeg: boolean;
  readonly bars: readonly Bar[];
  /** In the order they are drawn and walked through: by arrival, then offset. */
  readonly marks: readonly Mark[];
  /** How and when it ended. */
  readonly end?: {readonly at: number; readonly status: CallStatus; readonly providerStatus: ProviderStatus};
}

/** A silence that the axis does not draw in full. */
export interface Gap {
  readonly from: number;
  readonly to: number;
}

export interface Timeline {
  /** The whole picture, milliseconds since 1970; `to` is at least a second after `from`. */
  readonly from: number;
  readonly to: number;
  /** The call or a leg goes on, and `to` is now. */
  readonly isRunning: boolean;
  readonly lanes: readonly Lane[];
  readonly gaps: readonly Gap[];
  /** Something arrived this much before it is said to have happened: the clocks differ by at least so much. 0: no sign of it. */
  readonly skewMs: number;
}

/** Twilio's timestamps are whole seconds: what happened did so within the one they name. */
const RESOLUTION_MS = 1000;
const MIN_LENGTH_MS = 1000;

/** A silence shorter than this is drawn in full. */
const MIN_GAP_MS = 120_000;
/** A silence is cut when it is this much longer than everything else together. */
const GAP_RATIO = 4;
/** A cut silence takes this part of the width that everything else takes. */
const GAP_SHARE = 0.35;

/** @param now the gateway's clock, milliseconds since 1970 */
export function buildTimeline(detail: CallDetail, now: number): Timeline {
  const legs = detail.legs.toSorted(
    (a, b) => a.createdAt.localeCompare(b.createdAt) || a.callSid.localeCompare(b.callSid),
  );
  const marks = detail.events.map(toMark);
  const sids = new Set([detail, ...legs].map(({callSid}) => callSid));
  const facts = [detail, ...legs].map((call, index) => {
    // What is about none of them is still part of this call's history.
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
  const lastHeard = Math.max(...instants);
  const isRunning = facts.some(({call}) => !hasEnded(call.providerStatus));
  // A clock that is behind shall not make a call end before the last thing heard of it.
  const end = isRunning ? Math.max(lastHeard, now) : lastHeard;
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

function toMark(event: CallHistoryEvent, index: number): Mark {
  return {
    index,
    event,
    kind: event.kind === 'command' ? 'command' : event.source,
    at: Date.parse(event.receivedAt),
    happenedAt: Date.parse(event.timestamp),
    isHollow: event.verdict !== 'applied',
  };
}

/** A call's arrival in a state. */
interface Edge {
  readonly providerStatus: ProviderStatus;
  readonly at: number;
}

/**
 * The states that the call went through, in order. What came late says as well as what came in time that the call was in a
 * state; only ends are taken at the journal's word, since the first one stays.
 */
function edgesOf(call: Call, marks: readonly Mark[]): readonly Edge[] {
  const byRank = new Map<number, Edge>();
  for (const mark of marks) {
    const {event} = mark;
    if (event.kind !== 'status' || event.verdict === 'duplicate') continue;
    const {providerStatus} = event;
    if (hasEnded(providerStatus) && providerStatus !== call.providerStatus) continue;
    const rank = statusRank(providerStatus);
    const at = latestMoment(mark);
    const known = byRank.get(rank);
    if (known === undefined || at < known.at) byRank.set(rank, {providerStatus, at});
  }
  // Of what was trimmed, or never said, the call itself may still know.
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

/** The latest moment that fits what the mark says. */
function latestMoment({at, happenedAt}: Mark): number {
  const isExact = happenedAt % RESOLUTION_MS !== 0;
  return Math.min(at, isExact ? happenedAt : happenedAt + RESOLUTION_MS - 1);
}

interface LaneFacts {
  readonly call: Call;
  readonly edges: readonly Edge[];
  /** Where the picture ends. */
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
    // Queued, then initiated: to whoever waits it is one.
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

/** Where nobody said when the call was answered, its end says how long ago that was. */
function inferTalk({duration, status}: Call, bars: readonly Bar[], endedAt: number | undefined): Bar[] {
  const last = bars.at(-1);
  const isKnown = bars.some(({phase}) => phase === 'talking');
  if (isKnown || status !== 'completed' || duration === undefined || endedAt === undefined) return [...bars];
  const from = endedAt - duration * 1000;
  const talk: Bar = {phase: 'talking', from, to: endedAt, isOpen: false, isInferred: true};
  if (last === undefined) return [talk];
  // A duration longer than the call itself is of another clock.
  if (from < last.from) return [...bars];
  return [...bars.slice(0, -1), {...last, to: from}, talk];
}

function phaseOf(status: ProviderStatus): Phase | undefined {
  switch (status) {
    case 'queued':
    case 'initiated':
      return 'dialling';
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

// --- The axis ------------------------------------------------------------------------------------------------------

/** Silences so much longer than all the rest that drawing them in full would leave nothing of it to see. */
function findGaps(instants: readonly number[]): readonly Gap[] {
  const sorted = [...new Set(instants)].sort((a, b) => a - b);
  const silences = sorted.slice(1).map((to, index) => ({from: sorted[index] ?? to, to}));
  let rest = 0;
  const gaps: Gap[] = [];
  for (const silence of silences.toSorted((a, b) => lengthOf(a) - lengthOf(b))) {
    const length = lengthOf(silence);
    if (length >= MIN_GAP_MS && length > GAP_RATIO * Math.max(rest, MIN_LENGTH_MS)) gaps.push(silence);
    else rest += length;
  }
  // One silence and nothing else is no gap, but all there is.
  return rest === 0 ? [] : gaps.sort((a, b) => a.from - b.from);
}

function lengthOf({from, to}: Gap): number {
  return to - from;
}

export interface Scale {
  /** Part of the width, from 0 to 1. */
  readonly position: (time: number) => number;
}

/** From time to place: linear, but for the gaps, which take a fixed part each. */
export function createScale({from, to, gaps}: Pick<Timeline, 'from' | 'to' | 'gaps'>): Scale {
  const drawn = to - from - gaps.reduce((sum, gap) => sum + lengthOf(gap), 0);
  const gapWidth = Math.max(drawn, 1) * GAP_SHARE;
  const total = Math.max(drawn + gaps.length * gapWidth, 1);
  return {
    position: (time) => {
      const within = Math.min(Math.max(time, from), to);
      let sum = within - from;
      for (const gap of gaps) {
        if (within <= gap.from) break;
        const passed = Math.min(within, gap.to) - gap.from;
        sum += (passed / lengthOf(gap)) * gapWidth - passed;
      }
      return sum / total;
    },
  };
}

export interface Tick {
  readonly at: number;
  /** Since the beginning of the picture: `0`, `+5 s`, `+2:30`, `+1:05:00`. */
  readonly label: string;
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const steps: readonly number[] = [
  ...[100, 200, 500],
  ...[1, 2, 5, 10, 15, 30].map((count) => count * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((count) => count * MINUTE),
  ...[1, 2, 6, 12, 24, 48, 168].map((count) => count * HOUR),
];

/** Round offsets from the beginning, none within a gap, at most about `most`. */
export function ticksOf(
  {from, to, gaps}: Pick<Timeline, 'from' | 'to' | 'gaps'>,
  most: number,
): readonly Tick[] {
  const {position} = createScale({from, to, gaps});
  const drawn = to - from - gaps.reduce((sum, gap) => sum + lengthOf(gap), 0);
  const share = drawn <= 0 ? 1 : 1 - (gaps.length * GAP_SHARE) / (1 + gaps.length * GAP_SHARE);
  const enough = Math.max(1, most * share);
  const step = steps.find((each) => drawn / each <= enough) ?? Math.ceil(drawn / enough / HOUR) * HOUR;
  const ticks: Tick[] = [];
  const edges = [from, ...gaps.flatMap((gap) => [gap.from, gap.to]), to];
  for (let index = 0; index < edges.length; index += 2) {
    const [begin = from, end = to] = [edges[index], edges[index + 1]];
    for (let at = from + Math.ceil((begin - from) / step) * step; at <= end; at += step)
      ticks.push({at, label: offsetText(at - from)});
  }
  // After a gap the first tick may fall on the last one before it.
  const least = 0.7 / most;
  return ticks.filter(({at}, index) => {
    const before = ticks[index - 1];
    return before === undefined || position(at) - position(before.at) >= least;
  });
}

/** To the millisecond, for what the gateway's own clock says: `+24 ms`, `+1.234 s`, `+2:05.120`. */
export function preciseOffset(ms: number): string {
  if (Math.abs(ms) < SECOND) return ms === 0 ? '0' : `${ms < 0 ? '−' : '+'}${Math.abs(ms)} ms`;
  const fraction = String(Math.abs(ms) % SECOND).padStart(3, '0');
  const whole = offsetText(ms - (ms % SECOND));
  return whole.endsWith(' s') ? `${whole.slice(0, -2)}.${fraction} s` : `${whole}.${fraction}`;
}

/** `0`, `+0.2 s`, `+5 s`, `+2:30`, `+1:05:00`. */
export function offsetText(ms: number): string {
  if (ms === 0) return '0';
  const sign = ms < 0 ? '−' : '+';
  const size = Math.abs(ms);
  if (size < MINUTE) return `${sign}${Math.floor(size / 100) / 10} s`;
  const two = (part: number) => String(part).padStart(2, '0');
  const [h, m, s] = [Math.floor(size / HOUR), Math.floor(size / MINUTE) % 60, Math.floor(size / SECOND) % 60];
  return h === 0 ? `${sign}${m}:${two(s)}` : `${sign}${h}:${two(m)}:${two(s)}`;
}

// --- Marks that would lie on one another ---------------------------------------------------------------------------

/** Marks drawn as one, at the place of the first. */
export interface PlacedMark {
  readonly x: number;
  /** 0 is the lowest. */
  readonly level: number;
  readonly marks: readonly [Mark, ...Mark[]];
}

export interface Placement {
  /** Of the whole axis, in pixels. */
  readonly width: number;
  /** Between the middles of two marks on one level, in pixels. */
  readonly spacing: number;
  /** How many may stand above one another. */
  readonly levels: number;
}

/** Places marks side by side, above one another where there is no room, and together where there is none at all. */
export function placeMarks(
  marks: readonly Mark[],
  {position}: Scale,
  {width, spacing, levels}: Placement,
): readonly PlacedMark[] {
  const placed: {x: number; level: number; marks: [Mark, ...Mark[]]}[] = [];
  const lastOn: (typeof placed)[number][] = [];
  for (const mark of marks) {
    const x = position(mark.at) * width;
    const isFree = (level: number) => {
      const last = lastOn[level];
      return last === undefined || x - last.x >= spacing;
    };
    const level = Array.from({length: levels}, (_, index) => index).find(isFree);
    const top = lastOn[levels - 1];
    if (level === undefined && top !== undefined) top.marks.push(mark);
    else {
      const group: (typeof placed)[number] = {x, level: level ?? 0, marks: [mark]};
      lastOn[group.level] = group;
      placed.push(group);
    }
  }
  return placed;
}
