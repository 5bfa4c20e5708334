import type {Recording, RecordingEvent, RecordingOptions} from '../calls/recordings.ts';
import {actionOrSelf, methodAttribute, numberAttribute, resolveUrl} from './attributes.ts';
import {over, type Step, type VerbContext} from './host.ts';
import type {TwimlElement} from './parse-twiml.ts';
import {readKey} from './waiting.ts';

/** How long the far end speaks into a Record unless its scenario says otherwise. Simulated seconds. */
const SPEAK_SECONDS = 5;

/** Record: time passes as if the far end spoke, then `action` gets the recording. Verbs after it are never reached. */
export async function record(verb: TwimlElement, context: VerbContext): Promise<Step> {
  const {host, call} = context;
  const recording = host.startRecording(call, recordingOptions(verb, context, 'RecordVerb'));
  let digits: string;
  try {
    digits = await recordUntilQuiet(verb, context);
  } catch (error) {
    host.finishRecording(recording);
    const left = call.isOver ? actionOrSelf(context, verb, results(context, recording, 'hangup')) : null;
    if (left !== null) host.notify(call, left);
    throw error;
  }
  host.finishRecording(recording);
  const source = actionOrSelf(context, verb, results(context, recording, digits));
  return source === null ? over : {kind: 'goto', source};
}

/** The key that ended it, or nothing. */
async function recordUntilQuiet(verb: TwimlElement, context: VerbContext): Promise<string> {
  const {host, call} = context;
  const finishOnKey = verb.attributes['finishOnKey'] ?? '1234567890*#';
  const speaks = call.options.scenario.speakSeconds ?? SPEAK_SECONDS;
  const maxLength = numberAttribute(verb, 'maxLength', 3600);
  const seconds = Math.min(maxLength, speaks + numberAttribute(verb, 'timeout', 5));
  const endMs = host.clock.now() + seconds * 1000;
  for (;;) {
    const leftSeconds = (endMs - host.clock.now()) / 1000;
    if (leftSeconds <= 0) return '';
    const key = await readKey(context, leftSeconds);
    if (key !== null && finishOnKey.includes(key)) return key;
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

/** What Record and Dial ask of a recording, callbacks included. */
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
