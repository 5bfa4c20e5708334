import type {Activity} from '../activity.ts';
import {type Clock, isAbort} from '../clock.ts';
import type {Call} from './call.ts';
import type {CallbackDispatcher} from './callback-dispatcher.ts';
import type {Recording, RecordingEvent, RecordingOptions, Recordings} from './recordings.ts';

/** A recording is ready some time after it stopped, independent of the call. Simulated milliseconds. */
const PROCESSING_MS = 1500;

export interface CallRecorderOptions {
  readonly recordings: Recordings;
  readonly callbacks: CallbackDispatcher;
  readonly clock: Clock;
  readonly activity: Activity;
  /** Aborts when the simulator stops. */
  readonly signal: AbortSignal;
}

/** Starts and ends the recordings of calls, and tells their callbacks. */
export class CallRecorder {
  readonly #options: CallRecorderOptions;
  readonly #running = new Map<Recording, Call>();

  constructor(options: CallRecorderOptions) {
    this.#options = options;
  }

  start(call: Call, options: RecordingOptions): Recording {
    const {recordings, clock} = this.#options;
    // Callbacks always name the parent leg.
    const owner = call.options.parent ?? call;
    const recording = recordings.start(owner.sid, options, clock.now());
    this.#running.set(recording, call);
    this.#tell(owner, recording, 'in-progress');
    return recording;
  }

  /** Ends a recording, once. */
  finish(recording: Recording): void {
    const call = this.#running.get(recording);
    if (call === undefined) return;
    this.#running.delete(recording);
    const {recordings, clock} = this.#options;
    const seconds = Math.round((clock.now() - recording.startedAtMs) / 1000);
    recordings.finish(recording, seconds);
    if (recording.options.source === 'OutboundAPI') {
      call.recorded = {sid: recording.sid, url: recordings.url(recording), seconds};
    }
    this.#tellLater(call.options.parent ?? call, recording);
  }

  /** Ends everything a call still records. */
  finishAll(call: Call): void {
    for (const [recording, recorded] of this.#running) {
      if (recorded === call) this.finish(recording);
    }
  }

  /** The recordings of a call that are still running. */
  running(call: Call): Recording[] {
    return [...this.#running].filter(([, recorded]) => recorded === call).map(([recording]) => recording);
  }

  #tellLater(call: Call, recording: Recording): void {
    const {clock, activity, signal} = this.#options;
    const end = activity.begin();
    clock
      .sleep(PROCESSING_MS, signal)
      .then(() => this.#tell(call, recording, recording.status === 'absent' ? 'absent' : 'completed'))
      .catch((error: unknown) => {
        if (!isAbort(error)) throw error;
      })
      .finally(end);
  }

  #tell(call: Call, recording: Recording, event: RecordingEvent): void {
    const {callback} = recording.options;
    if (callback === null || !callback.events.has(event)) return;
    const {url, method} = callback;
    const params = this.#options.recordings.callbackParameters(recording, event);
    this.#options.callbacks.fireOther(call, {kind: 'recording', url, method, params});
  }
}
