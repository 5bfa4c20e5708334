import {rfc2822} from '../dates.ts';
import {createSid} from '../sids.ts';
import type {HttpMethod} from '../webhooks/target.ts';
import {API_VERSION} from './call-parameters.ts';

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

/** `processing` until the file can be fetched; `deleted` has no file any more. */
export type RecordingStatus =
  | 'in-progress'
  | 'paused'
  | 'stopped'
  | 'processing'
  | 'completed'
  | 'absent'
  | 'deleted';

export interface Recording {
  readonly sid: string;
  readonly callSid: string;
  readonly options: RecordingOptions;
  readonly startedAt: Date;
  /** On the simulated clock. */
  readonly startedAtMs: number;
  status: RecordingStatus;
  updatedAt: Date;
  /** Seconds, null while it runs. */
  durationSeconds: number | null;
  /** Why it is absent. */
  errorCode: number | null;
  /** Since when it has been paused with `skip`, on the simulated clock. */
  skippedSinceMs: number | null;
  /** Length of the pauses left out so far. Simulated milliseconds. */
  skippedMs: number;
}

/** Twilio docs: error dictionary. */
const TOO_SHORT = 16101;
const SILENT = 16102;

export interface RecordingsOptions {
  readonly accountSid: string;
  /** Origin of the API, where recordings are fetched. */
  readonly apiUrl: () => string;
  /** Recordings that are remembered. */
  readonly limit: number;
}

/** Every recording of the account. Their audio is made up when it is fetched. */
export class Recordings {
  readonly #options: RecordingsOptions;
  readonly #recordings = new Map<string, Recording>();

  constructor(options: RecordingsOptions) {
    this.#options = options;
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
      errorCode: null,
      skippedSinceMs: null,
      skippedMs: 0,
    };
    this.#recordings.set(recording.sid, recording);
    this.#forgetOldest();
    return recording;
  }

  /** Ends a recording. A silent one, or one of no length, is `absent`. */
  finish(recording: Recording, nowMs: number, silent: boolean): void {
    this.resume(recording, nowMs);
    const seconds = Math.round((nowMs - recording.startedAtMs - recording.skippedMs) / 1000);
    const isAbsent = silent || seconds === 0;
    recording.durationSeconds = isAbsent ? 0 : seconds;
    recording.errorCode = isAbsent ? (seconds === 0 ? TOO_SHORT : SILENT) : null;
    this.#become(recording, isAbsent ? 'absent' : 'processing');
    this.#forgetOldest();
  }

  /** The file can be fetched from now on. */
  complete(recording: Recording): void {
    if (recording.status === 'processing' || recording.status === 'stopped') {
      this.#become(recording, 'completed');
    }
  }

  /** Pauses a running recording. With `skip` the pause is left out of its length. */
  pause(recording: Recording, nowMs: number, behavior: 'skip' | 'silence'): void {
    if (behavior === 'skip') recording.skippedSinceMs ??= nowMs;
    this.#become(recording, 'paused');
  }

  resume(recording: Recording, nowMs: number): void {
    if (recording.skippedSinceMs !== null) recording.skippedMs += nowMs - recording.skippedSinceMs;
    recording.skippedSinceMs = null;
    this.#become(recording, 'in-progress');
  }

  /** How a recording that was stopped over REST reads until it is processed. */
  showStopped(recording: Recording): void {
    if (recording.status === 'processing') this.#become(recording, 'stopped');
  }

  /** RecordingUrl has no extension (Twilio docs: RecordingStatusCallback). */
  url(recording: Recording): string {
    const {apiUrl, accountSid} = this.#options;
    return `${apiUrl()}/${API_VERSION}/Accounts/${accountSid}/Recordings/${recording.sid}`;
  }

  /** Parameters of a recording callback. `callSid` is the parent leg's. */
  callbackParameters(recording: Recording, event: RecordingEvent): Record<string, string> {
    const {options, durationSeconds, errorCode} = recording;
    return {
      AccountSid: this.#options.accountSid,
      CallSid: recording.callSid,
      RecordingSid: recording.sid,
      RecordingUrl: this.url(recording),
      RecordingStatus: event,
      RecordingDuration: String(durationSeconds ?? 0),
      RecordingChannels: String(options.channels),
      RecordingStartTime: rfc2822(recording.startedAt),
      RecordingSource: options.source,
      RecordingTrack: options.track,
      ...(errorCode === null ? {} : {ErrorCode: String(errorCode)}),
    };
  }

  /** Every recording, deleted ones included, oldest first. */
  all(): Recording[] {
    return [...this.#recordings.values()];
  }

  get(sid: string): Recording | null {
    return this.#recordings.get(sid) ?? null;
  }

  /** The file is gone at once; the metadata stays, for `IncludeSoftDeleted`. */
  delete(recording: Recording): void {
    this.#become(recording, 'deleted');
  }

  clear(): void {
    this.#recordings.clear();
  }

  #become(recording: Recording, status: RecordingStatus): void {
    recording.status = status;
    recording.updatedAt = new Date();
  }

  #forgetOldest(): void {
    for (const [sid, {status}] of this.#recordings) {
      if (this.#recordings.size <= this.#options.limit) return;
      if (status !== 'in-progress' && status !== 'paused') this.#recordings.delete(sid);
    }
  }
}
