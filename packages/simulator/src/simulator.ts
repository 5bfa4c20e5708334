import {setMaxListeners} from 'node:events';
import type {AddressInfo} from 'node:net';
import type {Media} from './audio/media.ts';
import {mp3} from './audio/mp3.ts';
import {wav} from './audio/wav.ts';
import type {Call} from './calls/call.ts';
import type {Notification} from './calls/notifications.ts';
import type {TwimlStep} from './calls/twiml-log.ts';
import {ControlApi} from './control/control-api.ts';
import type {FaultPlan, Faults} from './faults/faults.ts';
import {HttpFront} from './http-front.ts';
import {type SimulatorOptions, type SimulatorSettings, simulatorSettings} from './options.ts';
import {createParts, type SimulatorParts} from './parts.ts';
import {type CallHandling, numberHandling, voiceHandling} from './rest/call-handling.ts';
import {DEFAULT_TIME_LIMIT} from './rest/create-call.ts';
import {type Scenario, scenarioDetails} from './scenarios/scenario.ts';
import {createSid} from './sids.ts';
import {
  type InboundCallOptions,
  type SimulatedCall,
  type SimulatedRecording,
  simulatedCall,
  simulatedRecording,
} from './simulated-call.ts';
import type {Delivery} from './webhooks/delivery-log.ts';

/** The state of the simulator's clock. */
export interface ClockState {
  readonly mode: 'running' | 'manual';
  /** Simulated seconds since an arbitrary start. */
  readonly seconds: number;
}

/** A simulated Twilio account: REST API, calls and webhooks. Nothing runs before `start()`. */
export class Simulator {
  readonly accountSid: string;
  readonly authToken: string;
  readonly phoneNumber: string;
  readonly speed: number;
  readonly #settings: SimulatorSettings;
  readonly #numberSid = createSid('PN');
  readonly #stopping = new AbortController();
  readonly #parts: SimulatorParts;
  readonly #front: HttpFront;
  #stopped: Promise<void> | null = null;
  #address: AddressInfo | null = null;

  constructor(options: SimulatorOptions = {}) {
    const settings = simulatorSettings(options);
    this.accountSid = settings.accountSid;
    this.authToken = settings.authToken;
    this.phoneNumber = settings.phoneNumber;
    this.speed = settings.speed;
    this.#settings = settings;
    const {signal} = this.#stopping;
    setMaxListeners(0, signal); // every recording that is being processed listens
    this.#parts = createParts(settings, {apiUrl: () => settings.apiUrl ?? this.url, signal});
    this.#configure();
    const {rest, log} = this.#parts;
    this.#front = new HttpFront({rest, control: new ControlApi({simulator: this}), log});
  }

  /** Starts listening. */
  async start(): Promise<void> {
    if (this.#stopped !== null) throw new Error('The simulator has been stopped');
    this.#address = await this.#front.listen(this.#settings.port, this.#settings.host);
  }

  /** The API's address, such as `http://127.0.0.1:4010`. */
  get url(): string {
    if (this.#address === null) throw new Error('The simulator has not been started');
    const {host} = this.#settings;
    return `http://${host.includes(':') ? `[${host}]` : host}:${this.#address.port}`;
  }

  /**
   * Simulates a call to a number or application of the account. Resolves with the sid when the call exists.
   */
  async placeInboundCall(options: InboundCallOptions): Promise<string> {
    const {from, scenario, callerName, forwardedFrom, stirVerstat, parameters = {}} = options;
    if (this.#address === null) throw new Error('The simulator has not been started');
    const {callSwitch, scenarios, registry} = this.#parts;
    if (!registry.hasRoom) throw new RangeError('Too many calls are active in the simulator');
    const {to, phoneNumberSid, handling} = this.#called(options);
    const {document = null} = handling;
    const call = callSwitch.create({
      direction: 'inbound',
      from,
      to,
      scenario: scenario === undefined ? scenarios.for(from) : scenarioDetails(scenario),
      phoneNumberSid,
      timeoutSeconds: 60,
      timeLimitSeconds: DEFAULT_TIME_LIMIT,
      ...handling,
      document: document?.kind === 'url' ? {...document, params: parameters} : document,
      callerName: callerName ?? null,
      forwardedFrom: forwardedFrom ?? null,
      stirVerstat: stirVerstat ?? null,
    });
    callSwitch.arrive(call);
    return call.sid;
  }

  /** Returns the current state of a call, or null if the sid is unknown. */
  call(sid: string): SimulatedCall | null {
    const call = this.#parts.registry.get(sid);
    return call === null ? null : simulatedCall(call);
  }

  /** All stored calls, oldest first. */
  calls(): SimulatedCall[] {
    return this.#parts.registry.all().map(simulatedCall);
  }

  /** The TwiML steps of a leg and what its party heard, oldest first. */
  twimlLog(sid: string): TwimlStep[] {
    return this.#parts.twimlLog.of(sid);
  }

  /** Errors and warnings, as in Twilio's debugger and Call Notifications, oldest first. */
  notifications(): readonly Notification[] {
    return [...this.#parts.notifications.all()];
  }

  /** All stored recordings, oldest first. */
  recordings(): SimulatedRecording[] {
    const {recordings} = this.#parts;
    return recordings.all().map((recording) => simulatedRecording(recording, recordings.url(recording)));
  }

  /** The file of a recording, or null until it is complete. */
  recordingMedia(sid: string, format: 'wav' | 'mp3'): Media | null {
    const recording = this.#parts.recordings.get(sid);
    if (recording?.status !== 'completed') return null;
    return (format === 'mp3' ? mp3 : wav)(recording.durationSeconds ?? 0, recording.options.channels);
  }

  /**
   * Sets the scenario of a dialed number. `*` stands for any characters. Takes precedence over the number
   * table.
   */
  setScenario(numberOrPattern: string | RegExp, scenario: Scenario): void {
    this.#parts.scenarios.set(numberOrPattern, scenario);
  }

  /** The scenarios that have been set, latest first. */
  scenarios() {
    return this.#parts.scenarios.list();
  }

  clearScenarios(): void {
    this.#parts.scenarios.clear();
  }

  /** Replaces all faults. `{}` removes them. */
  setFaults(faults: Faults): void {
    this.#parts.faults.set(faults);
  }

  /** The active faults, and how often each has occurred. */
  faults(): {readonly faults: Faults; readonly struck: FaultPlan['struck']} {
    const {faults} = this.#parts;
    return {faults: faults.current, struck: faults.struck};
  }

  /** All webhooks fired so far, oldest first. */
  deliveries(): readonly Delivery[] {
    return this.#parts.deliveries.list();
  }

  /** The far end hangs up. Returns false if the call has ended, is unknown or is still queued. */
  hangUp(sid: string): boolean {
    return this.#withCall(sid, (call) => this.#parts.callSwitch.hangUp(call));
  }

  /**
   * The far end answers a ringing call, regardless of its scenario. Returns false if the far end does not
   * ring.
   */
  answer(sid: string): boolean {
    return this.#withCall(sid, (call) => this.#parts.callSwitch.pickUp(call));
  }

  /** The far end declines a ringing call. Returns false if the far end does not ring. */
  decline(sid: string, status: 'busy' | 'no-answer' = 'no-answer'): boolean {
    return this.#withCall(sid, (call) => this.#parts.callSwitch.decline(call, status));
  }

  /** The far end presses keys. Returns false if the call has ended or is unknown. */
  pressKeys(sid: string, keys: string): boolean {
    if (!/^[0-9A-D*#]{1,100}$/.test(keys)) throw new TypeError('keys: 1 to 100 of 0 to 9, A to D, * and #');
    return this.#withCall(sid, (call) => {
      call.keypad.press(keys);
      return true;
    });
  }

  /** The far end speaks, to a Gather or into a Record. Returns false if the call has ended or is unknown. */
  speak(sid: string, text: string): boolean {
    if (text === '' || text.length > 1000) throw new TypeError('text: 1 to 1000 characters');
    return this.#withCall(sid, (call) => {
      call.voice.say(text);
      return true;
    });
  }

  clock(): ClockState {
    const {clock} = this.#parts;
    return {mode: clock.isManual ? 'manual' : 'running', seconds: clock.now() / 1000};
  }

  /** Stops simulated time (`manual`) or lets it run (`running`). */
  setClock(mode: ClockState['mode']): void {
    const {clock} = this.#parts;
    if (mode === 'manual') clock.pause();
    else clock.resume();
  }

  /**
   * Advances a manual clock. Resolves when the events of these simulated seconds have happened and their
   * webhooks have been answered. Rejects with a RangeError if the clock is running.
   */
  async advance(seconds: number): Promise<void> {
    if (!(seconds >= 0 && seconds <= 86_400)) throw new RangeError(`seconds: 0 to 86400, not ${seconds}`);
    const {clock, sender} = this.#parts;
    await clock.advance(seconds * 1000, () => sender.idle());
  }

  /**
   * Resets the simulator to its state after the start. Calls, recordings, logs, scenarios, faults, bought
   * numbers, applications and keys are removed, and the clock is set as configured. Interrupted calls get no
   * callback.
   */
  async reset(): Promise<void> {
    const parts = this.#parts;
    parts.callbacks.cutOff();
    parts.callSwitch.discardAll();
    await parts.activity.idle();
    for (const each of [parts.registry, parts.recordings, parts.deliveries, parts.notifications])
      each.clear();
    for (const each of [parts.numbers, parts.applications, parts.keys, parts.scenarios]) each.clear();
    parts.twimlLog.clear();
    parts.faults.set({});
    this.setClock(this.#settings.manualClock ? 'manual' : 'running');
    this.#configure();
  }

  /** Resolves when no call is active and no webhook is in progress. */
  async settled(): Promise<void> {
    await this.#parts.activity.idle();
  }

  /** Closes all connections and stops all timers. Calls keep their state, and no callbacks are sent. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    this.#stopping.abort();
    this.#parts.callbacks.stop();
    for (const call of this.#parts.registry.active) call.release();
    await this.#front.close();
    await this.#parts.activity.idle();
  }

  /** Creates the number and key that the account has from the start. */
  #configure(): void {
    const {phoneNumber, voiceUrl, voiceFallbackUrl, statusCallback} = this.#settings;
    const {apiKeySid: sid, apiKeySecret: secret} = this.#settings;
    this.#parts.numbers.create(phoneNumber, {
      sid: this.#numberSid,
      voiceUrl,
      voiceFallbackUrl,
      statusCallback,
    });
    this.#parts.keys.create('Simulator', {sid, secret});
  }

  /**
   * Finds the target of an inbound call: an application for a softphone, or a number. Throws a RangeError if
   * it is unknown.
   */
  #called({to, applicationSid, parameters}: InboundCallOptions): Called {
    const {numbers, applications} = this.#parts;
    if (applicationSid !== undefined) {
      const application = applications.get(applicationSid);
      if (application === null)
        throw new RangeError(`${applicationSid} is not an application of the account`);
      const handling = {...voiceHandling(application), applicationSid};
      return {to: to ?? parameters?.['To'] ?? '', phoneNumberSid: null, handling};
    }
    const called = to ?? this.phoneNumber;
    const number = numbers.find(called);
    if (number === null) throw new RangeError(`${called} is not a number of the account`);
    return {to: called, phoneNumberSid: number.sid, handling: numberHandling(number, applications)};
  }

  /** Returns false if the call has ended or is unknown. */
  #withCall(sid: string, action: (call: Call) => boolean): boolean {
    const call = this.#parts.registry.get(sid);
    return call !== null && !call.isOver && action(call);
  }
}

interface Called {
  readonly to: string;
  readonly phoneNumberSid: string | null;
  readonly handling: CallHandling;
}

/** See {@link Simulator}. */
export function createSimulator(options: SimulatorOptions = {}): Simulator {
  return new Simulator(options);
}
