/** The plan of a simulation, drawn from a seed before the start. */
import type {ProviderStatus} from '@hookswitch/protocol';
import {
  type DisturbanceOptions,
  drawDisturbances,
  drawNodes,
  type PlannedDisturbance,
} from './disturbances.ts';
import {SeededRandom} from './random.ts';

/** A webhook that Twilio sends. */
export interface PlannedWebhook {
  /** Key in traces and checks: `<call>/<SequenceNumber>`, or `<call>/voice`. */
  readonly key: string;
  readonly callSid: string;
  readonly route: 'status' | 'voice';
  readonly status: ProviderStatus;
  readonly fields: Readonly<Record<string, string>>;
}

/** One delivery of a webhook, in the order of their start. */
export interface PlannedDelivery {
  readonly webhook: PlannedWebhook;
  /** Target nodes. Several nodes get it at once. */
  readonly to: readonly number[];
  /** Whether it is not retried without a response, because Twilio's retries are used up. */
  readonly givesUp: boolean;
}

export interface PlannedCall {
  readonly callSid: string;
  readonly parentCallSid?: string;
  readonly direction: string;
  readonly from: string;
  readonly to: string;
  /** Duration in seconds, if answered. */
  readonly duration?: number;
  /** The statuses at Twilio, each with the index of the delivery before which it is reached. */
  readonly life: {readonly status: ProviderStatus; readonly at: number}[];
  /** Possible ends in the journal: the real end, and the status of a contradicting callback. */
  readonly ends: ReadonlySet<ProviderStatus>;
}

export interface PlannedAction {
  /** Number of started deliveries at that moment. */
  readonly at: number;
  readonly what:
    | 'stop-reading'
    | 'resume-reading'
    | 'heartbeat'
    | {readonly subscribe: 'all' | readonly string[]};
}

/** A period in which a client is connected. Between visits it misses entries. */
export interface PlannedVisit {
  readonly from: number;
  readonly until: number;
  readonly leave: 'close' | 'cut';
  /** Whether it connects without a resume position. */
  readonly fresh: boolean;
  readonly actions: readonly PlannedAction[];
}

export interface Plan {
  readonly seed: number;
  readonly calls: readonly PlannedCall[];
  readonly deliveries: readonly PlannedDelivery[];
  readonly clients: readonly (readonly PlannedVisit[])[];
  readonly disturbances: readonly PlannedDisturbance[];
  /** Concurrent deliveries. */
  readonly concurrency: number;
}

export interface PlanOptions extends DisturbanceOptions {
  readonly calls: number;
  readonly clients: number;
}

const ACCOUNT_SID = 'AC00000000000000000000000000000001';
const START = Date.UTC(2026, 0, 5, 12, 0, 0);

/** Number of calls that begin during the life of one, roughly. */
const OVERLAP = 12;

interface Drawn {
  readonly time: number;
  readonly delivery: Omit<PlannedDelivery, 'to'>;
}

/** Draws a plan. The same seed and options give the same plan. */
export function drawPlan(seed: number, options: PlanOptions): Plan {
  const random = new SeededRandom(seed);
  const families = Array.from({length: options.calls}, (_, index) =>
    drawFamily(random.fork(), index, index / OVERLAP),
  );
  const drawn = families.flatMap(({deliveries}) => deliveries).sort((a, b) => a.time - b.time);
  const times = drawn.map(({time}) => time);
  // From here on, time is counted in started deliveries, so that the plan does not depend on the machine's speed.
  const toIndex = (time: number) => {
    const index = times.findIndex((other) => other >= time);
    return index === -1 ? times.length : index;
  };
  const calls = families
    .flatMap((family) => family.calls)
    .map((call) => ({...call, life: call.life.map(({status, at}) => ({status, at: toIndex(at)}))}));
  const sids = calls.map(({callSid}) => callSid);
  const {length} = drawn;
  const places = random.fork();
  return {
    seed,
    calls,
    deliveries: drawn.map(({delivery}) => ({...delivery, to: drawNodes(places, options.nodes ?? 1)})),
    clients: Array.from({length: options.clients}, () => drawVisits(random.fork(), length, sids)),
    disturbances: drawDisturbances(random.fork(), length, options),
    concurrency: random.int(8, 32),
  };
}

/** A call, and its leg if it has one. Times are in lives of a call; `life[].at` becomes an index later. */
function drawFamily(
  random: SeededRandom,
  index: number,
  begin: number,
): {calls: PlannedCall[]; deliveries: Drawn[]} {
  const root = drawCall(random, {sid: sidOf(index), begin, inbound: random.chance(0.2)});
  if (!random.chance(0.25)) return {calls: [root.call], deliveries: root.deliveries};
  const leg = drawCall(random, {sid: sidOf(index, 1), begin: begin + 0.4, parent: root.call.callSid});
  return {calls: [root.call, leg.call], deliveries: [...root.deliveries, ...leg.deliveries]};
}

interface CallShape {
  readonly sid: string;
  readonly begin: number;
  readonly parent?: string;
  readonly inbound?: boolean;
}

const unanswered: readonly ProviderStatus[] = ['busy', 'failed', 'no-answer', 'canceled'];

function drawCall(random: SeededRandom, {sid, begin, parent, inbound = false}: CallShape) {
  const end = random.chance(0.6) ? 'completed' : random.pick(unanswered);
  const through: ProviderStatus[] = inbound ? ['ringing'] : ['initiated'];
  if (!inbound && end !== 'failed') through.push('ringing');
  if (end === 'completed') through.push('in-progress');
  through.push(end);
  const life = through.map((status, step) => ({status, at: begin + step * 0.3 + random.next() * 0.2}));
  const contradicts = random.chance(0.3) ? random.pick(unanswered) : undefined;
  const call: PlannedCall = {
    callSid: sid,
    parentCallSid: parent,
    direction: inbound ? 'inbound' : parent === undefined ? 'outbound-api' : 'outbound-dial',
    from: party(random),
    to: party(random),
    duration: end === 'completed' ? random.int(1, 600) : undefined,
    life,
    ends: new Set(contradicts === undefined ? [end] : [end, contradicts]),
  };
  // For an inbound call, Twilio requests TwiML and reports only the end.
  const told = inbound ? life.filter((_, step) => step === 0 || step === life.length - 1) : [...life];
  const last = life.at(-1);
  if (contradicts !== undefined && last !== undefined) told.push({status: contradicts, at: last.at + 0.01});
  const deliveries = told.flatMap(({status, at}, step) => {
    const isVoice = inbound && step === 0;
    const webhook = toWebhook(call, {status, isVoice, sequence: inbound ? step - 1 : step, at});
    return drawDeliveries(random, webhook, at);
  });
  return {call, deliveries};
}

/** A webhook can be late, repeated or lost. */
function drawDeliveries(random: SeededRandom, webhook: PlannedWebhook, firedAt: number): Drawn[] {
  if (random.chance(0.08)) return [];
  const lateness = () => (random.chance(0.3) ? random.next() * 1.5 : random.next() * 0.2);
  const times = [firedAt + lateness()];
  while (random.chance(0.2)) times.push(firedAt + lateness());
  return times.map((time) => ({time, delivery: {webhook, givesUp: random.chance(0.1)}}));
}

interface WebhookShape {
  readonly status: ProviderStatus;
  readonly isVoice: boolean;
  readonly sequence: number;
  readonly at: number;
}

function toWebhook(call: PlannedCall, {status, isVoice, sequence, at}: WebhookShape): PlannedWebhook {
  const {callSid, parentCallSid, from, to, direction, duration} = call;
  const common = {
    AccountSid: ACCOUNT_SID,
    ApiVersion: '2010-04-01',
    CallSid: callSid,
    CallStatus: status,
    Direction: direction,
    From: from,
    To: to,
    ...(parentCallSid === undefined ? {} : {ParentCallSid: parentCallSid}),
  };
  const key = `${callSid}/${isVoice ? 'voice' : sequence}`;
  if (isVoice) return {key, callSid, route: 'voice', status, fields: common};
  const fields = {
    ...common,
    CallbackSource: 'call-progress-events',
    SequenceNumber: String(sequence),
    Timestamp: new Date(START + Math.round(at * 10) * 1000).toUTCString().replace('GMT', '+0000'),
    ...(status === 'completed' && duration !== undefined ? {CallDuration: String(duration)} : {}),
  };
  return {key, callSid, route: 'status', status, fields};
}

/** Phone numbers, and names so long that a few hundred messages exceed a connection's buffer. */
function party(random: SeededRandom): string {
  return random.chance(0.4)
    ? `+1555010${random.int(1000, 9999)}`
    : `client:${'Zoë→☎😀'.repeat(random.int(1, 30))}`;
}

function drawVisits(random: SeededRandom, end: number, sids: readonly string[]): PlannedVisit[] {
  const visits: PlannedVisit[] = [];
  for (let from = random.int(0, end / 4); from < end; ) {
    const until = Math.min(end, from + random.int(5, end / 2));
    visits.push({
      from,
      until,
      leave: random.chance(0.5) ? 'close' : 'cut',
      fresh: random.chance(0.2),
      actions: drawActions(random, from, until, sids),
    });
    from = until + random.int(0, end / 5);
  }
  return visits;
}

function drawActions(
  random: SeededRandom,
  from: number,
  until: number,
  sids: readonly string[],
): PlannedAction[] {
  const actions: PlannedAction[] = [];
  for (let at = from + random.int(0, 20); at < until; at += random.int(5, 60)) {
    const some = Array.from({length: random.int(0, 15)}, () => random.pick(sids));
    const what = random.pick<PlannedAction['what']>([
      'stop-reading',
      'resume-reading',
      'heartbeat',
      {subscribe: 'all'},
      {subscribe: [...new Set(some)]},
    ]);
    actions.push({at, what});
  }
  return actions;
}

function sidOf(index: number, leg = 0): string {
  return `CA${index.toString(16).padStart(8, '0')}${'0'.repeat(23)}${leg}`;
}
