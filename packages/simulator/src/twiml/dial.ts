import type {Call} from '../calls/call.ts';
import type {Recording} from '../calls/recordings.ts';
import {isAbort} from '../clock.ts';
import {actionSource, methodAttribute, numberAttribute, resolveUrl, statusCallbackOf} from './attributes.ts';
import {next, type Step, type VerbContext} from './host.ts';
import type {TwimlElement} from './parse-twiml.ts';
import {recordingOptions} from './record.ts';
import {unlessAborted} from './waiting.ts';

/** Most nouns that ring at once (Twilio docs: `<Client>`). */
const MAX_NOUNS = 10;

interface Leg {
  readonly noun: TwimlElement;
  readonly child: Call;
}

/** How a Dial ended, as its `action` is told. */
interface DialResult {
  readonly status: string;
  readonly child: Call | null;
  readonly bridged: boolean;
  readonly recording: Recording | null;
}

/** Dial: rings every noun at once, bridges the first that answers, and waits until one side leaves. */
export async function dial(verb: TwimlElement, context: VerbContext): Promise<Step> {
  const {call, signal} = context;
  if (verb.children.some(({name}) => name === 'Conference' || name === 'Queue'))
    return await waitForever(context);
  const legs = startLegs(verb, context);
  call.dialling = true;
  try {
    const result = await connect(verb, context, legs);
    return after(verb, context, result);
  } catch (error) {
    if (!isAbort(error) || !signal.aborted) throw error;
    // Redirected over REST: the interrupted Dial still reports to its action, whose answer nobody runs. When the call
    // is over instead, its legs have ended with it.
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
    call.dialling = false;
  }
}

function startLegs(verb: TwimlElement, context: VerbContext): Leg[] {
  const {host, call} = context;
  const nouns = verb.children.filter(({name}) => ['Number', 'Client', 'Sip'].includes(name));
  if (nouns.length === 0 && verb.text !== '') nouns.push({...verb, name: 'Number', attributes: {}});
  return nouns.slice(0, MAX_NOUNS).map((noun) => ({
    noun,
    child: host.createChild(call, {
      to: addressOf(noun),
      from: verb.attributes['callerId'] ?? call.options.from,
      timeoutSeconds: numberAttribute(verb, 'timeout', 30),
      timeLimitSeconds: numberAttribute(verb, 'timeLimit', 14_400),
      statusCallback: statusCallbackOf(context, noun),
    }),
  }));
}

function addressOf({name, text, children}: TwimlElement): string {
  if (name === 'Client') {
    return `client:${children.find((child) => child.name === 'Identity')?.text ?? text}`;
  }
  if (name === 'Sip') return text;
  const number = text.replace(/[\s().-]/g, '');
  return number.startsWith('+') ? number : `+${number.length === 10 ? '1' : ''}${number}`;
}

async function connect(verb: TwimlElement, context: VerbContext, legs: readonly Leg[]): Promise<DialResult> {
  const {host, signal} = context;
  const winner = await unlessAborted(firstAnswer(context, legs), signal);
  endLegs(
    context,
    legs.filter((leg) => leg !== winner),
  );
  if (winner === null)
    return {status: statusOf(legs), child: legs[0]?.child ?? null, bridged: false, recording: null};
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

/** The first leg that is answered, null when none is. The other legs keep ringing meanwhile. */
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

/** Resolves when the child has ended, or was sent elsewhere over REST. */
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

/** Of several legs the most telling outcome counts. */
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

/** Conferences and queues are not simulated: the call stays in them until somebody ends or redirects it. */
async function waitForever({signal}: VerbContext): Promise<Step> {
  return await unlessAborted(new Promise<never>(() => {}), signal);
}
