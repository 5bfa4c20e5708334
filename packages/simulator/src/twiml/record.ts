import type {Recording, RecordingEvent, RecordingOptions} from '../calls/recordings.ts';
import {actionOrSelf, methodAttribute, numberAttribute, resolveUrl} from './attributes.ts';
import {next, over, type Step, type VerbContext} from './host.ts';
import type {TwimlElement} from './parse-twiml.ts';
import {speechSeconds} from './say.ts';
import {readInput} from './waiting.ts';

/** How long the far end speaks into a Record, unless its scenario says otherwise. Simulated seconds. */
const SPEAK_SECONDS = 5;

/** How a Record ended. */
interface Recorded {
  /** The key that ended it, or an empty string. */
  readonly digits: string;
  /** The far end did not speak. */
  readonly silent: boolean;
}

/**
 * Record: waits as if the far end spoke, then `action` gets the recording. Verbs after it do not run. If the
 * far end did not speak, there is no recording: `action` is not requested, and the next verb runs.
 */
export async function record(verb: TwimlElement, context: VerbContext): Promise<Step> {
  const {host, call} = context;
  const recording = host.startRecording(call, recordingOptions(verb, context, 'RecordVerb'));
  const said = new Speaking(verb, context);
  let recorded: Recorded;
  try {
    recorded = await said.untilQuiet();
  } catch (error) {
    host.finishRecording(recording, {silent: said.silent});
    const hungUp = call.isOver && recording.status !== 'absent';
    const left = hungUp ? actionOrSelf(context, verb, results(context, recording, 'hangup')) : null;
    if (left !== null) host.notify(call, left);
    throw error;
  }
  host.finishRecording(recording, recorded);
  if (recording.status === 'absent') return next;
  const source = actionOrSelf(context, verb, results(context, recording, recorded.digits));
  return source === null ? over : {kind: 'goto', source};
}

/** The far end speaking into a Record, by its scenario and on demand. */
class Speaking {
  readonly #context: VerbContext;
  readonly #finishOnKey: string;
  readonly #silenceSeconds: number;
  readonly #endMs: number;
  #quietMs: number;
  silent: boolean;

  constructor(verb: TwimlElement, context: VerbContext) {
    const {speakSeconds, onDemand} = context.call.options.scenario;
    const speaks = speakSeconds ?? (onDemand === true ? 0 : SPEAK_SECONDS);
    const nowMs = context.host.clock.now();
    this.#context = context;
    this.#finishOnKey = verb.attributes['finishOnKey'] ?? '1234567890*#';
    this.#silenceSeconds = numberAttribute(verb, 'timeout', 5);
    this.#endMs = nowMs + numberAttribute(verb, 'maxLength', 3600) * 1000;
    this.#quietMs = nowMs + (speaks + this.#silenceSeconds) * 1000;
    this.silent = speaks === 0;
  }

  /** Waits for silence, the maximum length or a key. */
  async untilQuiet(): Promise<Recorded> {
    const {clock} = this.#context.host;
    for (;;) {
      const leftMs = Math.min(this.#quietMs, this.#endMs) - clock.now();
      if (leftMs <= 0) return {digits: '', silent: this.silent};
      const input = await readInput(this.#context, leftMs / 1000, {keys: true, speech: true});
      if (input?.kind === 'key' && this.#finishOnKey.includes(input.key)) {
        return {digits: input.key, silent: this.silent};
      }
      if (input?.kind === 'speech') this.#speak(input.text);
    }
  }

  #speak(text: string): void {
    this.silent = false;
    const untilMs = this.#context.host.clock.now() + (speechSeconds(text) + this.#silenceSeconds) * 1000;
    this.#quietMs = Math.max(this.#quietMs, untilMs);
  }
}

function results({host}: VerbContext, recording: Recording, digits: string): Record<string, string> {
  return {
    RecordingUrl: host.recordingUrl(recording),
    RecordingSid: recording.sid,
    RecordingDuration: String(recording.durationSeconds ?? 0),
    Digits: digits,
  };
}

/** The recording options of Record and Dial, including callbacks. */
export function recordingOptions(
  verb: TwimlElement,
  context: VerbContext,
  source: 'RecordVerb' | 'DialVerb',
): RecordingOptions {
  const {
    recordingStatusCallback,
    recordingStatusCallbackEvent = 'completed',
    recordingTrack,
  } = verb.attributes;
  const events = recordingStatusCallbackEvent.split(/\s+/) as RecordingEvent[];
  return {
    channels: verb.attributes['record']?.endsWith('-dual') ? 2 : 1,
    track: recordingTrack === 'inbound' || recordingTrack === 'outbound' ? recordingTrack : 'both',
    source,
    callback:
      recordingStatusCallback === undefined || recordingStatusCallback === ''
        ? null
        : {
            url: resolveUrl(context, recordingStatusCallback),
            method: methodAttribute(verb, 'recordingStatusCallbackMethod'),
            events: new Set(events),
          },
  };
}
