import {createSid} from '../sids.ts';
import type {HttpMethod} from '../webhooks/target.ts';

export type RecordingEvent = 'in-progress' | 'completed' | 'absent';

/** What was asked of a recording. */
export interface RecordingOptions {
  readonly channels: 1 | 2;
  readonly track: 'inbound' | 'outbound' | 'both';
  readonly source: 'DialVerb' | 'OutboundAPI' | 'RecordVerb' | 'StartCallRecordingAPI';
  readonly callback: {
    readonly url: string;
    readonly method: HttpMethod;
    readonly events: ReadonlySet<RecordingEvent>;
  } | null;
}

export interface Recording {
  readonly sid: string;
  readonly callSid: string;
  readonly options: RecordingOptions;
  readonly startedAt: Date;
  /** On the simulated clock. */
  readonly startedAtMs: number;
  status: 'in-progress' | 'paused' | 'stopped' | 'completed' | 'absent';
  updatedAt: Date;
  /** Seconds, null while it runs. */
  durationSeconds: number | null;
}

/** Every recording of the account. There is no audio behind them. */
export class Recordings {
  readonly #accountSid: string;
  readonly #recordings = new Map<string, Recording>();

  constructor({accountSid}: {readonly accountSid: string}) {
    this.#accountSid = accountSid;
  }

  start(callSid: string, options: RecordingOptions, nowMs: number): Recording {
    const startedAt = new Date();
    const recording: Recording = {
      sid: createSid('RE'),
      callSid,
      options,
      startedAt,
      startedAtMs: nowMs,
      status: 'in-progress',
      updatedAt: startedAt,
      durationSeconds: null,
    };
    this.#recordings.set(recording.sid, recording);
    return recording;
  }

  /** Ends a recording. Nothing recorded makes it `absent`. */
  finish(recording: Recording, seconds: number): void {
    recording.durationSeconds = seconds;
    recording.status = seconds > 0 ? 'completed' : 'absent';
    recording.updatedAt = new Date();
  }

  /** RecordingUrl has no extension (Twilio docs: RecordingStatusCallback). */
  url(recording: Recording): string {
    return `https://api.twilio.com/2010-04-01/Accounts/${this.#accountSid}/Recordings/${recording.sid}`;
  }

  /** Parameters of a recording callback. `callSid` is the parent leg's. */
  callbackParameters(recording: Recording, event: RecordingEvent): Record<string, string> {
    const {options, durationSeconds} = recording;
    return {
      AccountSid: this.#accountSid,
      CallSid: recording.callSid,
      RecordingSid: recording.sid,
      RecordingUrl: this.url(recording),
      RecordingStatus: event,
      RecordingDuration: String(durationSeconds ?? 0),
      RecordingChannels: String(options.channels),
      RecordingStartTime: recording.startedAt.toUTCString().replace('GMT', '+0000'),
      RecordingSource: options.source,
      RecordingTrack: options.track,
    };
  }

  /** Of one call, oldest first. */
  of(callSid: string): Recording[] {
    return [...this.#recordings.values()].filter((recording) => recording.callSid === callSid);
  }

  get(sid: string): Recording | null {
    return this.#recordings.get(sid) ?? null;
  }

  delete(sid: string): void {
    this.#recordings.delete(sid);
  }
}
