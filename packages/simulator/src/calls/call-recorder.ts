import type {Activity} from '../activity.ts';
import {type Clock, isAbort} from '../clock.ts';
import type {Call} from './call.ts';
import type {CallbackDispatcher} from './callback-dispatcher.ts';
import type {Recording, RecordingEvent, RecordingOptions, Recordings} from './recordings.ts';

/** Processing time of a stopped recording, independent of the call. Simulated milliseconds. */
const PROCESSING_MS = 1500;

export interface CallRecorderOptions {
  readonly recordings: Recordings;
  readonly callbacks: CallbackDispatcher;
  readonly clock: Clock;
  readonly activity: Activity;
  /** Aborts when the simulator stops. */
  readonly signal: AbortSignal;
}

/** Starts and ends the recordings of calls, and sends their callbacks. */
export class CallRecorder {
  readonly #options: CallRecorderOptions;
  readonly #running = new Map<Recording, Call>();
  /** Aborts the processing of recordings at a reset. */
  #processing = new AbortController();

  constructor(options: CallRecorderOptions) {
    this.#options = options;
  }

  start(call: Call, options: RecordingOptions): Recording {
    const {recordings, clock} = this.#options;
    // Callbacks always contain the sid of the parent leg.
    const owner = call.options.parent ?? call;
    const recording = recordings.start(owner.sid, options, clock.now());
    this.#running.set(recording, call);
    this.#tell(owner, recording, 'in-progress');
    return recording;
  }

  /** Ends a recording, once. A silent recording is absent, regardless of its length. */
  finish(recording: Recording, {silent = false}: {readonly silent?: boolean} = {}): void {
    const call = this.#running.get(recording);
    if (call === undefined) return;
    this.#running.delete(recording);
    const {recordings, clock} = this.#options;
    recordings.finish(recording, clock.now(), silent);
    if (recording.options.source === 'OutboundAPI') {
      const seconds = recording.durationSeconds ?? 0;
      call.recorded = {sid: recording.sid, url: recordings.url(recording), seconds};
    }
    this.#tellLater(call.options.parent ?? call, recording);
  }

  pause(recording: Recording, behavior: 'skip' | 'silence'): void {
    this.#options.recordings.pause(recording, this.#options.clock.now(), behavior);
  }

  resume(recording: Recording): void {
    this.#options.recordings.resume(recording, this.#options.clock.now());
  }

  /** Stops a recording over REST. */
  stop(recording: Recording): void {
    this.finish(recording);
    this.#options.recordings.showStopped(recording);
  }

  /** Deletes a recording. A running recording ends without a callback. */
  delete(recording: Recording): void {
    this.#running.delete(recording);
    this.#options.recordings.delete(recording);
  }

  /** Removes recordings that are running or being processed, without callbacks. */
  discardAll(): void {
    this.#running.clear();
    this.#processing.abort();
    this.#processing = new AbortController();
  }

  /** Ends all running recordings of a call. */
  finishAll(call: Call): void {
    for (const [recording, recorded] of this.#running) {
      if (recorded === call) this.finish(recording);
    }
  }

  /** The running recordings of a call. */
  running(call: Call): Recording[] {
    return [...this.#running].filter(([, recorded]) => recorded === call).map(([recording]) => recording);
  }

  #tellLater(call: Call, recording: Recording): void {
    const {clock, activity, signal} = this.#options;
    const end = activity.begin();
    clock
      .sleep(PROCESSING_MS, AbortSignal.any([signal, this.#processing.signal]))
      .then(() => this.#complete(call, recording))
      .catch((error: unknown) => {
        if (!isAbort(error)) throw error;
      })
      .finally(end);
  }

  #complete(call: Call, recording: Recording): void {
    if (call.discarded || recording.status === 'deleted') return;
    this.#options.recordings.complete(recording);
    this.#tell(call, recording, recording.status === 'absent' ? 'absent' : 'completed');
  }

  #tell(call: Call, recording: Recording, event: RecordingEvent): void {
    const {callback} = recording.options;
    if (callback === null || !callback.events.has(event)) return;
    const {url, method} = callback;
    const params = this.#options.recordings.callbackParameters(recording, event);
    this.#options.callbacks.fireOther(call, {kind: 'recording', url, method, params});
  }
}
