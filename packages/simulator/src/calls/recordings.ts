import {rfc2822} from '../dates.ts';
import {createSid} from '../sids.ts';
import type {HttpMethod} from '../webhooks/target.ts';
import {API_VERSION} from './call-parameters.ts';

export type RecordingEvent = 'in-progress' | 'completed' | 'absent';

/** The options of a recording. */
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

/** `processing` until the file is available. `deleted` has no file anymore. */
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
  /** Seconds. Null while the recording runs. */
  durationSeconds: number | null;
  /** Why the recording is absent. */
  errorCode: number | null;
  /** The start of a pause with `skip`, on the simulated clock. */
  skippedSinceMs: number | null;
  /** Total length of the skipped pauses. Simulated milliseconds. */
  skippedMs: number;
}

/** Twilio docs: error dictionary. */
const TOO_SHORT = 16101;
const SILENT = 16102;

export interface RecordingsOptions {
  readonly accountSid: string;
  /** Origin of the API, where recordings are fetched. */
  readonly apiUrl: () => string;
  /** How many recordings are kept. */
  readonly limit: number;
}

/** All recordings of the account. Their audio is generated when it is fetched. */
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

  /** Ends a recording. A silent or empty recording is `absent`. */
  finish(recording: Recording, nowMs: number, silent: boolean): void {
    this.resume(recording, nowMs);
    const seconds = Math.round((nowMs - recording.startedAtMs - recording.skippedMs) / 1000);
    const isAbsent = silent || seconds === 0;
    recording.durationSeconds = isAbsent ? 0 : seconds;
    recording.errorCode = isAbsent ? (seconds === 0 ? TOO_SHORT : SILENT) : null;
    this.#become(recording, isAbsent ? 'absent' : 'processing');
    this.#forgetOldest();
  }

  /** Makes the file available. */
  complete(recording: Recording): void {
    if (recording.status === 'processing' || recording.status === 'stopped') {
      this.#become(recording, 'completed');
    }
  }

  /** Pauses a running recording. With `skip`, its length does not include the pause. */
  pause(recording: Recording, nowMs: number, behavior: 'skip' | 'silence'): void {
    if (behavior === 'skip') recording.skippedSinceMs ??= nowMs;
    this.#become(recording, 'paused');
  }

  resume(recording: Recording, nowMs: number): void {
    if (recording.skippedSinceMs !== null) recording.skippedMs += nowMs - recording.skippedSinceMs;
    recording.skippedSinceMs = null;
    this.#become(recording, 'in-progress');
  }

  /** The status of a recording stopped over REST until it is processed. */
  showStopped(recording: Recording): void {
    if (recording.status === 'processing') this.#become(recording, 'stopped');
  }

  /** RecordingUrl has no extension (Twilio docs: RecordingStatusCallback). */
  url(recording: Recording): string {
    const {apiUrl, accountSid} = this.#options;
    return `${apiUrl()}/${API_VERSION}/Accounts/${accountSid}/Recordings/${recording.sid}`;
  }

  /** Parameters of a recording callback. `callSid` is the sid of the parent leg. */
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

  /** All recordings, including deleted ones, oldest first. */
  all(): Recording[] {
    return [...this.#recordings.values()];
  }

  get(sid: string): Recording | null {
    return this.#recordings.get(sid) ?? null;
  }

  /** Deletes the file at once. The metadata stays, for `IncludeSoftDeleted`. */
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
