import type {Activity} from '../activity.ts';
import {type Clock, isAbort} from '../clock.ts';
import type {Logger} from '../log.ts';
import type {ScenarioBook} from '../scenarios/scenario-book.ts';
import type {DocumentLoader} from '../twiml/document-loader.ts';
import type {ChildLeg, TwimlDocument, TwimlHost} from '../twiml/host.ts';
import {Interpreter} from '../twiml/interpreter.ts';
import type {TwimlSource} from '../twiml/source.ts';
import {detectMachine} from './answering-machine.ts';
import {Call, type CallOptions, type EndedStatus} from './call.ts';
import type {CallRecorder} from './call-recorder.ts';
import type {CallRegistry} from './call-registry.ts';
import type {CallbackDispatcher} from './callback-dispatcher.ts';
import type {Recording, RecordingOptions, Recordings} from './recordings.ts';
import {ringOut} from './ring-out.ts';
import type {TwimlLog, TwimlStep} from './twiml-log.ts';

/** How long a caller waits for an answer if its scenario makes it give up. Simulated seconds. */
const CALLER_PATIENCE_SECONDS = 10;

export interface CallSwitchOptions {
  readonly accountSid: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly activity: Activity;
  readonly registry: CallRegistry;
  readonly recordings: Recordings;
  readonly recorder: CallRecorder;
  readonly callbacks: CallbackDispatcher;
  readonly documents: DocumentLoader;
  readonly scenarios: ScenarioBook;
  readonly twimlLog: TwimlLog;
  /** Aborts when the simulator stops. */
  readonly signal: AbortSignal;
}

/** Controls calls from dialing to the end. Every change of a call's status goes through this class. */
export class CallSwitch implements TwimlHost {
  readonly clock: Clock;
  readonly log: Logger;
  readonly #options: CallSwitchOptions;
  readonly #interpreters = new Map<Call, Interpreter>();
  /** At a reset, aborts the requests whose responses no longer matter. */
  #notices = new AbortController();

  constructor(options: CallSwitchOptions) {
    this.#options = options;
    this.clock = options.clock;
    this.log = options.log;
  }

  /** Adds a call without starting it. */
  create(options: Omit<CallOptions, 'index'>): Call {
    const {registry, activity} = this.#options;
    const call = new Call({...options, index: registry.nextIndex()});
    registry.add(call);
    const done = activity.begin();
    call.signal.addEventListener('abort', done, {once: true});
    return call;
  }

  /** Dials a call created over REST when its turn comes. */
  dial(call: Call): void {
    this.#spawn(call, async () => {
      if (!(await ringOut(call, this, this.#options.callbacks))) return;
      await this.#detectMachine(call);
      await this.#runDocuments(call);
    });
  }

  /** Starts an inbound call. */
  arrive(call: Call): void {
    const {outcome, ringSeconds} = call.options.scenario;
    call.advance('ringing', this.clock.now());
    this.logStatus(call);
    // A call to a number without a VoiceUrl fails at once, without a notification.
    if (call.document === null) {
      this.end(call, 'failed');
      return;
    }
    if (outcome === 'no-answer' || outcome === 'canceled') {
      this.#after(call, ringSeconds ?? CALLER_PATIENCE_SECONDS, () => {
        if (call.answeredAtMs === null) this.end(call, 'no-answer');
      });
    }
    this.#spawn(call, () => this.#runDocuments(call));
  }

  /**
   * The far end hangs up, or declines a ringing call. Returns false if the call has ended or was never
   * dialed.
   */
  hangUp(call: Call): boolean {
    if (call.isOver || call.status === 'queued') return false;
    this.end(call, call.answeredAtMs === null ? 'no-answer' : 'completed');
    return true;
  }

  /**
   * The far end answers a ringing call, regardless of its scenario. Returns false if the far end does not
   * ring.
   */
  pickUp(call: Call): boolean {
    if (call.status !== 'ringing' || call.options.direction === 'inbound') return false;
    this.answer(call);
    call.pickUp();
    return true;
  }

  /** The far end declines a ringing call. Returns false if the far end does not ring. */
  decline(call: Call, status: 'busy' | 'no-answer'): boolean {
    if (call.status !== 'ringing' || call.options.direction === 'inbound') return false;
    this.end(call, status);
    return true;
  }

  /** Drops the active calls: they stop where they are, without callbacks. */
  discardAll(): void {
    const {registry, recorder} = this.#options;
    recorder.discardAll();
    this.#notices.abort();
    this.#notices = new AbortController();
    for (const call of [...registry.active]) {
      call.discarded = true;
      call.finish('canceled', 487, this.clock.now());
    }
    for (const call of [...registry.active]) call.release();
  }

  /** Interrupts the current document of the call and runs another one. */
  redirect(call: Call, source: TwimlSource): void {
    const interpreter = this.#interpreters.get(call);
    call.document = source;
    if (interpreter !== undefined) {
      interpreter.redirect(source);
      return;
    }
    if (call.options.parent === undefined) return; // AMD still delays the first document: it will be this one
    call.leave();
    this.#spawn(call, () => this.#runDocuments(call));
  }

  answer(call: Call): void {
    if (call.answeredAtMs !== null || !call.advance('in-progress', this.clock.now())) return;
    const {recording, timeLimitSeconds, scenario} = call.options;
    if (recording) this.startRecording(call, recording);
    this.logStatus(call);
    this.#options.callbacks.fire(call, 'answered');
    this.limit(call, timeLimitSeconds);
    if (scenario.hangUpAfterSeconds !== undefined) this.limit(call, scenario.hangUpAfterSeconds);
  }

  /** Ends an answered call a given number of seconds after its answer. */
  limit(call: Call, seconds: number): void {
    if (call.answeredAtMs === null) return;
    const talkedSeconds = (this.clock.now() - call.answeredAtMs) / 1000;
    this.#after(call, seconds - talkedSeconds, () => this.end(call, 'completed'));
  }

  /** Ends a call and its children. Does nothing if the call has ended. */
  end(call: Call, status: EndedStatus, {silent = false}: {readonly silent?: boolean} = {}): void {
    const {registry, recorder, callbacks} = this.#options;
    if (!call.finish(status, sipResponseCode(call, status), this.clock.now())) return;
    recorder.finishAll(call);
    for (const child of [...call.children]) {
      // A child that was redirected over REST is an independent call.
      if (!child.left.aborted) this.end(child, child.answeredAtMs === null ? 'canceled' : 'completed');
    }
    this.logStatus(call);
    // Callbacks fire before the release, so that there is always either an active call or a delivery in
    // progress.
    if (!silent) callbacks.fire(call, 'completed');
    call.options.parent?.children.delete(call);
    registry.ended(call);
    call.release();
  }

  createChild(parent: Call, {statusCallback, ...leg}: ChildLeg): Call {
    const {scenarios} = this.#options;
    const child = this.create({
      ...leg,
      direction: 'outbound-dial',
      parent,
      statusCallback,
      scenario: scenarios.for(leg.to),
      phoneNumberSid: parent.options.phoneNumberSid ?? null,
      queueTimeMs: 0,
    });
    parent.children.add(child);
    return child;
  }

  async ring(child: Call): Promise<boolean> {
    try {
      if (!(await ringOut(child, this, this.#options.callbacks))) return false;
      await this.#detectMachine(child);
      return true;
    } catch (error) {
      if (isAbort(error)) return false;
      throw error;
    }
  }

  async whisper(child: Call, source: TwimlSource): Promise<void> {
    try {
      await new Interpreter({host: this, call: child}).run(source);
    } catch (error) {
      if (!isAbort(error)) throw error;
    }
  }

  async load(call: Call, source: TwimlSource, signal: AbortSignal): Promise<TwimlDocument> {
    return await this.#options.documents.load(call, source, signal);
  }

  notify(call: Call, source: TwimlSource): void {
    if (source.kind === 'inline' || call.discarded) return;
    const {documents, signal} = this.#options;
    const unlessReset = AbortSignal.any([signal, this.#notices.signal]);
    this.#spawn(call, async () => {
      await documents.request(call, source, unlessReset);
    });
  }

  startRecording(call: Call, options: RecordingOptions): Recording {
    return this.#options.recorder.start(call, options);
  }

  finishRecording(recording: Recording, outcome?: {readonly silent: boolean}): void {
    this.#options.recorder.finish(recording, outcome);
  }

  ran(step: Omit<TwimlStep, 'at'>): void {
    this.#options.twimlLog.add(step);
  }

  recordingUrl(recording: Recording): string {
    return this.#options.recordings.url(recording);
  }

  logStatus(call: Call): void {
    const {direction, from, to} = call.options;
    const message = `${direction} ${from} -> ${to}: ${call.status}`;
    this.log({level: 'info', event: 'call-status', message, callSid: call.sid});
  }

  async #runDocuments(call: Call): Promise<void> {
    if (call.document === null) {
      this.end(call, 'completed');
      return;
    }
    const interpreter = new Interpreter({host: this, call});
    this.#interpreters.set(call, interpreter);
    try {
      await interpreter.run(call.document);
    } finally {
      this.#interpreters.delete(call);
    }
    // The call was not answered by any of its documents, for example with answerOnBridge and no answer.
    this.end(call, call.answeredAtMs === null ? 'no-answer' : 'completed');
  }

  /** Synchronous AMD delays the document. Asynchronous AMD reports its result while the document runs. */
  async #detectMachine(call: Call): Promise<void> {
    const {machineDetection: detection, scenario} = call.options;
    if (!detection) return;
    const {answeredBy, durationMs} = detectMachine(detection, scenario);
    const detected = async () => {
      await this.clock.sleep(durationMs, call.signal);
      call.answeredBy = answeredBy;
      call.machineDetectionMs = Math.round(durationMs);
    };
    if (!detection.async) return await detected();
    if (detection.callback === null) {
      const message =
        'Asynchronous machine detection without a callback: the result is only in the Call resource';
      this.log({level: 'warning', event: 'invalid-parameter', code: 21262, message, callSid: call.sid});
    }
    this.#spawn(call, async () => {
      await detected();
      if (detection.callback === null) return;
      const params = {
        CallSid: call.sid,
        AccountSid: this.#options.accountSid,
        AnsweredBy: answeredBy,
        MachineDetectionDuration: String(Math.round(durationMs)),
      };
      this.#options.callbacks.fireOther(call, {kind: 'amd', ...detection.callback, params});
    });
  }

  #after(call: Call, seconds: number, action: () => void): void {
    // This is not counted as activity, because the call itself is counted.
    this.clock.sleep(seconds * 1000, call.signal).then(action, () => {});
  }

  /** Runs a task of a call. The end of the call is not an error. Any unexpected error ends the call. */
  #spawn(call: Call, work: () => Promise<void>): void {
    const done = this.#options.activity.begin();
    work()
      .catch((error: unknown) => {
        if (isAbort(error)) return;
        this.log({level: 'error', event: 'internal', message: String(error), callSid: call.sid});
        this.end(call, 'failed');
      })
      .finally(done);
  }
}

/** SIP response codes: 486 busy, 487 timed out or canceled, 404 unreachable. */
function sipResponseCode({options}: Call, status: EndedStatus): number {
  const codes = {completed: 200, busy: 486, 'no-answer': 487, canceled: 487, failed: 404} as const;
  return options.scenario.sipResponseCode ?? codes[status];
}
