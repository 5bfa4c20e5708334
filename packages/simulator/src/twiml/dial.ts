import type {Call} from '../calls/call.ts';
import type {Recording} from '../calls/recordings.ts';
import {isAbort} from '../clock.ts';
import {
  actionSource,
  machineDetectionOf,
  methodAttribute,
  numberAttribute,
  resolveUrl,
  statusCallbackOf,
} from './attributes.ts';
import {next, type Step, type VerbContext} from './host.ts';
import type {TwimlElement} from './parse-twiml.ts';
import {recordingOptions} from './record.ts';
import {unlessAborted, waitForever} from './waiting.ts';
import {warn} from './warnings.ts';

/** Maximum number of nouns that ring at once (Twilio docs: `<Client>`). */
const MAX_NOUNS = 10;

interface Leg {
  readonly noun: TwimlElement;
  readonly child: Call;
}

/** The result of a Dial, as sent to its `action`. */
interface DialResult {
  readonly status: string;
  readonly child: Call | null;
  readonly bridged: boolean;
  readonly recording: Recording | null;
}

/** The nouns that are dialed. */
const LEG_NOUNS: readonly string[] = ['Number', 'Client', 'Sip'];
/** The nouns that hold the caller. They are not simulated. */
const ROOM_NOUNS: readonly string[] = ['Conference', 'Queue'];

/**
 * Dial: rings all nouns at once, or one after another if it is sequential. Bridges the first leg that
 * answers, and waits until one side leaves.
 */
export async function dial(verb: TwimlElement, context: VerbContext): Promise<Step> {
  const {call, signal} = context;
  const room = verb.children.find(({name}) => ROOM_NOUNS.includes(name));
  if (room !== undefined) {
    warn(
      context,
      `<Dial><${room.name}> is not simulated. The call waits in it until it is ended or redirected.`,
    );
    return await waitForever(context);
  }
  const legs: Leg[] = [];
  const star = hangUpOnStar(verb, context, legs);
  call.dialing = true;
  try {
    const result = await connect(verb, context, {legs, star: star.signal});
    return after(verb, context, result);
  } catch (error) {
    if (!isAbort(error) || !signal.aborted) throw error;
    // If the call was redirected over REST, the interrupted Dial still reports to its action, and the
    // response is ignored. If the call has ended, its legs have ended, too.
    if (!call.isOver) {
      endLegs(context, legs);
      const child = legs.find((leg) => leg.child.answeredAtMs !== null)?.child ?? null;
      const step = after(verb, context, {
        status: 'completed',
        child,
        bridged: child !== null,
        recording: null,
      });
      if (step.kind === 'goto') context.host.notify(call, step.source);
    }
    throw error;
  } finally {
    star.stop();
    call.dialing = false;
  }
}

/**
 * With `hangupOnStar`, the caller's `*` ends the legs, ringing or answered. The signal aborts when `*` is
 * pressed.
 */
function hangUpOnStar(verb: TwimlElement, context: VerbContext, legs: readonly Leg[]) {
  const pressed = new AbortController();
  if (verb.attributes['hangupOnStar'] !== 'true') return {signal: pressed.signal, stop: () => {}};
  const {keypad} = context.call;
  // Only keys pressed from now on count.
  keypad.onPress(() => {
    for (let key = keypad.take(); key !== null; key = keypad.take()) {
      if (key === '*') pressed.abort();
    }
    if (pressed.signal.aborted) endLegs(context, legs);
  });
  return {signal: pressed.signal, stop: () => keypad.onPress(null)};
}

/** Groups of nouns. The nouns of a group ring together, and the groups ring one after another. */
function nounGroups(verb: TwimlElement, context: VerbContext): TwimlElement[][] {
  const nouns = verb.children.filter(({name}) => LEG_NOUNS.includes(name));
  for (const {name} of verb.children) {
    if (!LEG_NOUNS.includes(name)) warn(context, `<Dial><${name}> is not simulated. It is skipped.`);
  }
  if (nouns.length === 0 && verb.text !== '') nouns.push({...verb, name: 'Number', attributes: {}});
  const dialed = nouns.slice(0, MAX_NOUNS);
  return verb.attributes['sequential'] === 'true' ? dialed.map((noun) => [noun]) : [dialed];
}

function startLeg(verb: TwimlElement, context: VerbContext, noun: TwimlElement): Leg {
  const {host, call} = context;
  const child = host.createChild(call, {
    to: addressOf(noun),
    from: verb.attributes['callerId'] ?? call.options.from,
    timeoutSeconds: numberAttribute(verb, 'timeout', 30),
    timeLimitSeconds: numberAttribute(verb, 'timeLimit', 14_400),
    statusCallback: statusCallbackOf(context, noun),
    machineDetection: machineDetectionOf(noun, context),
  });
  return {noun, child};
}

function addressOf({name, text, children}: TwimlElement): string {
  if (name === 'Client') {
    return `client:${children.find((child) => child.name === 'Identity')?.text ?? text}`;
  }
  if (name === 'Sip') return text;
  const number = text.replace(/[\s().-]/g, '');
  return number.startsWith('+') ? number : `+${number.length === 10 ? '1' : ''}${number}`;
}

interface Legs {
  /** Contains every leg that has been dialed. */
  readonly legs: Leg[];
  /** Aborts when the caller presses the star that hangs up. */
  readonly star: AbortSignal;
}

/** Rings one group after another until a leg answers. */
async function ringInTurn(verb: TwimlElement, context: VerbContext, {legs, star}: Legs): Promise<Leg | null> {
  for (const nouns of nounGroups(verb, context)) {
    if (star.aborted) return null;
    const ringing = nouns.map((noun) => startLeg(verb, context, noun));
    legs.push(...ringing);
    const winner = await unlessAborted(firstAnswer(context, ringing), context.signal);
    endLegs(
      context,
      ringing.filter((leg) => leg !== winner),
    );
    if (winner !== null) return winner;
  }
  return null;
}

async function connect(verb: TwimlElement, context: VerbContext, dialed: Legs): Promise<DialResult> {
  const {host, signal} = context;
  const winner = await ringInTurn(verb, context, dialed);
  if (winner === null) {
    const child = dialed.legs.at(-1)?.child ?? null;
    return {status: statusOf(dialed.legs), child, bridged: false, recording: null};
  }
  const {child, noun} = winner;
  const {url} = noun.attributes;
  if (url !== undefined && url !== '') {
    const source = {kind: 'url', url: resolveUrl(context, url), method: methodAttribute(noun)} as const;
    await unlessAborted(host.whisper(child, source), signal);
  }
  if (child.isOver) return {status: 'completed', child, bridged: false, recording: null};
  host.answer(context.call);
  const records = (verb.attributes['record'] ?? '').startsWith('record-from');
  const recording = records
    ? host.startRecording(context.call, recordingOptions(verb, context, 'DialVerb'))
    : null;
  await unlessAborted(whenLeft(child), signal);
  if (recording !== null) host.finishRecording(recording);
  return {status: 'completed', child, bridged: true, recording};
}

/** Returns the first leg that answers, or null. The other legs keep ringing in the meantime. */
async function firstAnswer({host}: VerbContext, legs: readonly Leg[]): Promise<Leg | null> {
  const answers = legs.map(async (leg) => {
    if (await host.ring(leg.child)) return leg;
    throw new Error('not answered');
  });
  try {
    return await Promise.any(answers);
  } catch {
    return null;
  }
}

/** Resolves when the child has ended or was redirected over REST. */
function whenLeft(child: Call): Promise<void> {
  return new Promise((resolve) => {
    if (child.isOver || child.left.aborted) return resolve();
    child.signal.addEventListener('abort', () => resolve(), {once: true});
    child.left.addEventListener('abort', () => resolve(), {once: true});
  });
}

function endLegs({host}: VerbContext, legs: readonly Leg[]): void {
  for (const {child} of legs) host.end(child, child.answeredAtMs === null ? 'canceled' : 'completed');
}

/** Of several outcomes, the most informative one counts. */
function statusOf(legs: readonly Leg[]): string {
  const statuses = legs.map(({child}) => child.status);
  return (['busy', 'no-answer', 'canceled'] as const).find((status) => statuses.includes(status)) ?? 'failed';
}

function after(
  verb: TwimlElement,
  context: VerbContext,
  {status, child, bridged, recording}: DialResult,
): Step {
  const {action} = verb.attributes;
  if (action === undefined || action === '') return next;
  const params: Record<string, string> = {DialCallStatus: status, DialBridged: String(bridged)};
  if (child !== null) params['DialCallSid'] = child.sid;
  if (bridged) params['DialCallDuration'] = String(child?.end?.durationSeconds ?? 0);
  if (recording !== null) params['RecordingUrl'] = context.host.recordingUrl(recording);
  return {kind: 'goto', source: actionSource(context, verb, action, params)};
}
