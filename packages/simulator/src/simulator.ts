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

/** The clock of a simulator. */
export interface ClockState {
  readonly mode: 'running' | 'manual';
  /** Simulated seconds on a scale of its own. */
  readonly seconds: number;
}

/** A Twilio account of your own: its REST API, its calls, and its webhooks. Nothing runs before `start()`. */
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

  /** Begins to listen. */
  async start(): Promise<void> {
    if (this.#stopped !== null) throw new Error('The simulator has been stopped');
    this.#address = await this.#front.listen(this.#settings.port, this.#settings.host);
  }

  /** Where the API is, such as `http://127.0.0.1:4010`. */
  get url(): string {
    if (this.#address === null) throw new Error('The simulator has not been started');
    const {host} = this.#settings;
    return `http://${host.includes(':') ? `[${host}]` : host}:${this.#address.port}`;
  }

  /** Calls a number or an application of the account from outside. Resolves with the sid once the call exists. */
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

  /** A call as it is now, null when there is none of that sid. */
  call(sid: string): SimulatedCall | null {
    const call = this.#parts.registry.get(sid);
    return call === null ? null : simulatedCall(call);
  }

  /** Every remembered call, oldest first. */
  calls(): SimulatedCall[] {
    return this.#parts.registry.all().map(simulatedCall);
  }

  /** The TwiML that a leg ran, and what the party on it heard, oldest first. */
  twimlLog(sid: string): TwimlStep[] {
    return this.#parts.twimlLog.of(sid);
  }

  /** Errors and warnings, as Twilio's debugger and Call Notifications have them, oldest first. */
  notifications(): readonly Notification[] {
    return [...this.#parts.notifications.all()];
  }

  /** Every remembered recording, oldest first. */
  recordings(): SimulatedRecording[] {
    const {recordings} = this.#parts;
    return recordings.all().map((recording) => simulatedRecording(recording, recordings.url(recording)));
  }

  /** The file of a recording, null until it is complete. */
  recordingMedia(sid: string, format: 'wav' | 'mp3'): Media | null {
    const recording = this.#parts.recordings.get(sid);
    if (recording?.status !== 'completed') return null;
    return (format === 'mp3' ? mp3 : wav)(recording.durationSeconds ?? 0, recording.options.channels);
  }

  /** What dialing this number leads to; `*` stands for any run of characters. Goes before the number table. */
  setScenario(numberOrPattern: string | RegExp, scenario: Scenario): void {
    this.#parts.scenarios.set(numberOrPattern, scenario);
  }

  /** Scenarios that were set, latest first. */
  scenarios() {
    return this.#parts.scenarios.list();
  }

  clearScenarios(): void {
    this.#parts.scenarios.clear();
  }

  /** Replaces all faults; `{}` ends them. */
  setFaults(faults: Faults): void {
    this.#parts.faults.set(faults);
  }

  /** The faults that are set, and how often each has struck. */
  faults(): {readonly faults: Faults; readonly struck: FaultPlan['struck']} {
    const {faults} = this.#parts;
    return {faults: faults.current, struck: faults.struck};
  }

  /** Every webhook that was fired, oldest first. */
  deliveries(): readonly Delivery[] {
    return this.#parts.deliveries.list();
  }

  /** The far end hangs up. False when the call is over, unknown, or still queued. */
  hangUp(sid: string): boolean {
    return this.#withCall(sid, (call) => this.#parts.callSwitch.hangUp(call));
  }

  /** The far end answers a ringing call, against its scenario if need be. False when it does not ring there. */
  answer(sid: string): boolean {
    return this.#withCall(sid, (call) => this.#parts.callSwitch.pickUp(call));
  }

  /** The far end declines a call that rings. False when it does not ring there. */
  decline(sid: string, status: 'busy' | 'no-answer' = 'no-answer'): boolean {
    return this.#withCall(sid, (call) => this.#parts.callSwitch.decline(call, status));
  }

  /** The far end presses keys. False when the call is over or unknown. */
  pressKeys(sid: string, keys: string): boolean {
    if (!/^[0-9A-D*#]{1,100}$/.test(keys)) throw new TypeError('keys: 1 to 100 of 0 to 9, A to D, * and #');
    return this.#withCall(sid, (call) => {
      call.keypad.press(keys);
      return true;
    });
  }

  /** The far end says something, to a Gather or into a Record. False when the call is over or unknown. */
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

  /** Stops simulated time (`manual`), or lets it run by itself. */
  setClock(mode: ClockState['mode']): void {
    const {clock} = this.#parts;
    if (mode === 'manual') clock.pause();
    else clock.resume();
  }

  /**
   * Moves a manual clock on. Resolves when what happens in these simulated seconds has happened, and its webhooks have
   * been answered. Rejects with a RangeError when the clock runs by itself.
   */
  async advance(seconds: number): Promise<void> {
    if (!(seconds >= 0 && seconds <= 86_400)) throw new RangeError(`seconds: 0 to 86400, not ${seconds}`);
    const {clock, sender} = this.#parts;
    await clock.advance(seconds * 1000, () => sender.idle());
  }

  /**
   * Everything is as after the start: calls, recordings, logs, scenarios, faults, bought numbers, applications and keys
   * are gone, and the clock is as configured. Calls that are cut off get no callback.
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

  /** Resolves when no call is active and no webhook is under way. */
  async settled(): Promise<void> {
    await this.#parts.activity.idle();
  }

  /** Closes every connection and ends every timer. Calls stay as they were; nobody is told. */
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

  /** Creates the number and the key that the account has from the start. */
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

  /** The target of an inbound call: an application for a softphone, or a number. Throws a RangeError if it is unknown. */
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

  /** False when the call is over or unknown. */
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
