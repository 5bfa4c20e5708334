import {setMaxListeners} from 'node:events';
import type {AddressInfo} from 'node:net';
import {Activity} from './activity.ts';
import type {Call} from './calls/call.ts';
import {CallQueue} from './calls/call-queue.ts';
import {CallRecorder} from './calls/call-recorder.ts';
import {CallRegistry} from './calls/call-registry.ts';
import {CallbackDispatcher} from './calls/callback-dispatcher.ts';
import {Exchange} from './calls/exchange.ts';
import {Recordings} from './calls/recordings.ts';
import {Clock} from './clock.ts';
import {ControlApi} from './control/control-api.ts';
import {FaultPlan, type Faults} from './faults/faults.ts';
import {HttpFront} from './http-front.ts';
import {
  defaultAccountSid,
  defaultApiKeySecret,
  defaultApiKeySid,
  defaultAuthToken,
  defaultPhoneNumber,
  type SimulatorOptions,
} from './options.ts';
import {createCallerIds} from './rest/caller-ids.ts';
import {CallsApi} from './rest/calls-api.ts';
import {DEFAULT_TIME_LIMIT} from './rest/create-call.ts';
import {PhoneNumbers} from './rest/phone-numbers.ts';
import {RestApi} from './rest/rest-api.ts';
import {type Scenario, scenarioDetails} from './scenarios/scenario.ts';
import {ScenarioBook} from './scenarios/scenario-book.ts';
import {type InboundCallOptions, type SimulatedCall, simulatedCall} from './simulated-call.ts';
import {DocumentLoader} from './twiml/document-loader.ts';
import {type Delivery, DeliveryLog} from './webhooks/delivery-log.ts';
import {WebhookSender} from './webhooks/webhook-sender.ts';

/** A Twilio account of your own: its REST API, its calls, and its webhooks. Nothing runs before `start()`. */
export class Simulator {
  readonly accountSid: string;
  readonly authToken: string;
  readonly phoneNumber: string;
  readonly speed: number;
  readonly #host: string;
  readonly #port: number;
  readonly #activity = new Activity();
  readonly #stopping = new AbortController();
  readonly #registry: CallRegistry;
  readonly #numbers = new PhoneNumbers();
  readonly #faults: FaultPlan;
  readonly #scenarios: ScenarioBook;
  readonly #deliveries: DeliveryLog;
  readonly #callbacks: CallbackDispatcher;
  readonly #exchange: Exchange;
  readonly #front: HttpFront;
  #stopped: Promise<void> | null = null;
  #address: AddressInfo | null = null;

  constructor(options: SimulatorOptions = {}) {
    const {
      accountSid = defaultAccountSid,
      authToken = defaultAuthToken,
      apiKeySid = defaultApiKeySid,
      apiKeySecret = defaultApiKeySecret,
      phoneNumber = defaultPhoneNumber,
      accountType = 'Full',
      verifiedNumbers = [],
      voiceUrl = '',
      voiceFallbackUrl = '',
      statusCallback = '',
      host = '127.0.0.1',
      port = 0,
      speed = 1,
      callsPerSecond = 1,
      seed = 1,
      scenario = 'answered',
      endedUpdate = 'not-found',
      historyLimit = 50_000,
      logger: log = () => {},
    } = options;
    if (!(speed > 0)) throw new RangeError(`speed must be more than 0: ${speed}`);
    this.accountSid = accountSid;
    this.authToken = authToken;
    this.phoneNumber = phoneNumber;
    this.speed = speed;
    this.#host = host;
    this.#port = port;
    this.#numbers.add(phoneNumber, {voiceUrl, voiceFallbackUrl, statusCallback});
    this.#faults = new FaultPlan({seed});
    this.#scenarios = new ScenarioBook({fallback: scenario});
    this.#registry = new CallRegistry({limit: historyLimit});
    this.#deliveries = new DeliveryLog({limit: historyLimit});

    const {signal} = this.#stopping;
    setMaxListeners(0, signal); // every recording that is being processed listens
    const [registry, faults, scenarios, numbers] = [
      this.#registry,
      this.#faults,
      this.#scenarios,
      this.#numbers,
    ];
    const activity = this.#activity;
    const clock = new Clock({speed});
    const sender = new WebhookSender({authToken, clock, log: this.#deliveries});
    const callbacks = new CallbackDispatcher({accountSid, sender, faults, clock, activity, log});
    const recordings = new Recordings({accountSid});
    const recorder = new CallRecorder({recordings, callbacks, clock, activity, signal});
    const documents = new DocumentLoader({accountSid, sender});
    const exchange = new Exchange({
      accountSid,
      clock,
      log,
      activity,
      registry,
      recordings,
      recorder,
      callbacks,
      documents,
      scenarios,
      signal,
    });
    const dispatch = (call: Call, expired: boolean) => {
      if (expired) exchange.end(call, 'canceled', {silent: true});
      else exchange.dial(call);
    };
    const queue = new CallQueue({clock, callsPerSecond, dispatch});
    const calls = new CallsApi({
      accountSid,
      registry,
      exchange,
      queue,
      callbacks,
      scenarios,
      numbers,
      accountType,
      verified: new Set(verifiedNumbers),
      faults,
      endedUpdate,
      log,
      signal,
    });
    const rest = new RestApi({
      credentials: {accountSid, authToken, apiKeySid, apiKeySecret},
      accountType,
      createdAt: new Date(),
      calls,
      numbers,
      callerIds: createCallerIds(verifiedNumbers),
      recordings,
      recorder,
      deliveries: this.#deliveries,
      faults,
    });
    this.#callbacks = callbacks;
    this.#exchange = exchange;
    this.#front = new HttpFront({rest, control: new ControlApi({simulator: this}), log});
  }

  /** Begins to listen. */
  async start(): Promise<void> {
    if (this.#stopped !== null) throw new Error('The simulator has been stopped');
    this.#address = await this.#front.listen(this.#port, this.#host);
  }

  /** Where the API is, such as `http://127.0.0.1:4010`. */
  get url(): string {
    if (this.#address === null) throw new Error('The simulator has not been started');
    const host = this.#host.includes(':') ? `[${this.#host}]` : this.#host;
    return `http://${host}:${this.#address.port}`;
  }

  /** Calls a number of the account from outside. Resolves with the sid once the call exists. */
  async placeInboundCall(options: InboundCallOptions): Promise<string> {
    const {from, to = this.phoneNumber, scenario, callerName, forwardedFrom, stirVerstat} = options;
    if (this.#address === null) throw new Error('The simulator has not been started');
    const number = this.#numbers.find(to);
    if (number === null) throw new RangeError(`${to} is not a number of the account`);
    const {voiceUrl, voiceFallbackUrl: fallback, statusCallback, trunkSid, voiceApplicationSid} = number;
    const reachable = voiceUrl !== '' && trunkSid === '' && voiceApplicationSid === '';
    const call = this.#exchange.create({
      direction: 'inbound',
      from,
      to,
      scenario: scenario === undefined ? this.#scenarios.for(from) : scenarioDetails(scenario),
      phoneNumberSid: number.sid,
      timeoutSeconds: 60,
      timeLimitSeconds: DEFAULT_TIME_LIMIT,
      document: reachable ? {kind: 'url', url: voiceUrl, method: number.voiceMethod} : null,
      fallback: fallback === '' ? null : {url: fallback, method: number.voiceFallbackMethod},
      statusCallback:
        statusCallback === ''
          ? null
          : {url: statusCallback, method: number.statusCallbackMethod, events: new Set(['completed'])},
      callerName: callerName ?? null,
      forwardedFrom: forwardedFrom ?? null,
      stirVerstat: stirVerstat ?? null,
    });
    this.#exchange.arrive(call);
    return call.sid;
  }

  /** A call as it is now, null when there is none of that sid. */
  call(sid: string): SimulatedCall | null {
    const call = this.#registry.get(sid);
    return call === null ? null : simulatedCall(call);
  }

  /** Every remembered call, oldest first. */
  calls(): SimulatedCall[] {
    return this.#registry.all().map(simulatedCall);
  }

  /** What dialling this number leads to; `*` stands for any run of characters. Goes before the number table. */
  setScenario(numberOrPattern: string | RegExp, scenario: Scenario): void {
    this.#scenarios.set(numberOrPattern, scenario);
  }

  /** Scenarios that were set, latest first. */
  scenarios() {
    return this.#scenarios.list();
  }

  clearScenarios(): void {
    this.#scenarios.clear();
  }

  /** Replaces all faults; `{}` ends them. */
  setFaults(faults: Faults): void {
    this.#faults.set(faults);
  }

  /** The faults that are set, and how often each has struck. */
  faults(): {readonly faults: Faults; readonly struck: FaultPlan['struck']} {
    return {faults: this.#faults.current, struck: this.#faults.struck};
  }

  /** Every webhook that was fired, oldest first. */
  deliveries(): readonly Delivery[] {
    return this.#deliveries.list();
  }

  /** The far end hangs up. False when the call is over, unknown, or still queued. */
  hangUp(sid: string): boolean {
    const call = this.#registry.get(sid);
    return call !== null && this.#exchange.hangUp(call);
  }

  /** The far end presses keys. False when the call is over or unknown. */
  pressKeys(sid: string, keys: string): boolean {
    const call = this.#registry.get(sid);
    if (call === null || call.isOver) return false;
    call.keypad.press(keys);
    return true;
  }

  /** Resolves when no call is active and no webhook is under way. */
  async settled(): Promise<void> {
    await this.#activity.idle();
  }

  /** Closes every connection and ends every timer. Calls stay as they were; nobody is told. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    this.#stopping.abort();
    this.#callbacks.stop();
    for (const call of this.#registry.active) call.release();
    await this.#front.close();
    await this.#activity.idle();
  }
}

/** See {@link Simulator}. */
export function createSimulator(options: SimulatorOptions = {}): Simulator {
  return new Simulator(options);
}
