import type {z} from 'zod';
import type {Media} from '../audio/media.ts';
import type {Notification} from '../calls/notifications.ts';
import type {TwimlStep} from '../calls/twiml-log.ts';
import type {Faults} from '../faults/faults.ts';
import {numberTable} from '../scenarios/number-table.ts';
import {type Scenario, scenarioNames} from '../scenarios/scenario.ts';
import type {InboundCallOptions, SimulatedCall, SimulatedRecording} from '../simulated-call.ts';
import {checked} from '../validation.ts';
import type {Delivery} from '../webhooks/delivery-log.ts';
import * as bodies from './bodies.ts';
import {
  type ControlHandler,
  type ControlReply,
  type ControlRequest,
  controlPrefix,
} from './control-handler.ts';
import {pageFile, wantsPage} from './page.ts';
import {pageState} from './page-state.ts';

/** The part of the simulator that the control API uses. */
export interface SteerableSimulator {
  readonly accountSid: string;
  readonly phoneNumber: string;
  readonly speed: number;
  placeInboundCall(options: InboundCallOptions): Promise<string>;
  call(sid: string): SimulatedCall | null;
  calls(): SimulatedCall[];
  twimlLog(sid: string): TwimlStep[];
  notifications(): readonly Notification[];
  recordings(): SimulatedRecording[];
  recordingMedia(sid: string, format: 'wav' | 'mp3'): Media | null;
  hangUp(sid: string): boolean;
  answer(sid: string): boolean;
  decline(sid: string, status: 'busy' | 'no-answer'): boolean;
  pressKeys(sid: string, keys: string): boolean;
  speak(sid: string, text: string): boolean;
  setScenario(pattern: string, scenario: Scenario): void;
  scenarios(): unknown[];
  clearScenarios(): void;
  setFaults(faults: Faults): void;
  faults(): unknown;
  deliveries(): readonly Delivery[];
  clock(): {readonly mode: 'running' | 'manual'; readonly seconds: number};
  setClock(mode: 'running' | 'manual'): void;
  advance(seconds: number): Promise<void>;
  reset(): Promise<void>;
}

interface Match {
  readonly sid: string;
  readonly request: ControlRequest;
}

type Handle = (match: Match) => ControlReply | Promise<ControlReply>;

/** The simulator over HTTP, for other programs and web pages. It uses JSON and needs no credentials. */
export class ControlApi implements ControlHandler {
  readonly #simulator: SteerableSimulator;
  readonly #routes: readonly (readonly [string, RegExp, Handle])[];

  constructor({simulator}: {readonly simulator: SteerableSimulator}) {
    this.#simulator = simulator;
    this.#routes = [
      ['GET', /^$/, ({request}) => (wantsPage(request.accept) ? pageFile('html') : this.#about(request))],
      ['GET', /^\/about$/, ({request}) => this.#about(request)],
      ['GET', /^\/page\.css$/, () => pageFile('css')],
      ['GET', /^\/page\.js$/, () => pageFile('js')],
      ['GET', /^\/state$/, plain(() => pageState(simulator))],
      ['GET', /^\/calls$/, plain(() => ({calls: simulator.calls()}))],
      ['POST', /^\/calls$/, ({request}) => this.#placeInboundCall(request)],
      ['GET', /^\/calls\/([^/]+)$/, ({sid}) => this.#call(sid)],
      ['GET', /^\/calls\/([^/]+)\/twiml$/, ({sid}) => this.#twiml(sid)],
      ['POST', /^\/calls\/([^/]+)\/hang-up$/, this.#act(bodies.noFields, (sid) => simulator.hangUp(sid))],
      ['POST', /^\/calls\/([^/]+)\/answer$/, this.#act(bodies.noFields, (sid) => simulator.answer(sid))],
      [
        'POST',
        /^\/calls\/([^/]+)\/decline$/,
        this.#act(bodies.declined, (sid, {status}) => simulator.decline(sid, status)),
      ],
      [
        'POST',
        /^\/calls\/([^/]+)\/keys$/,
        this.#act(bodies.keysPressed, (sid, {keys}) => simulator.pressKeys(sid, keys)),
      ],
      [
        'POST',
        /^\/calls\/([^/]+)\/speak$/,
        this.#act(bodies.utterance, (sid, {text}) => simulator.speak(sid, text)),
      ],
      ['GET', /^\/scenarios$/, plain(() => ({scenarios: simulator.scenarios()}))],
      ['PUT', /^\/scenarios$/, ({request}) => this.#setScenario(request)],
      ['DELETE', /^\/scenarios$/, ({request}) => this.#clearScenarios(request)],
      ['GET', /^\/faults$/, plain(() => simulator.faults())],
      ['PUT', /^\/faults$/, ({request}) => this.#setFaults(bodyOf(request, bodies.faultsSet))],
      ['DELETE', /^\/faults$/, ({request}) => this.#setFaults(bodyOf(request, bodies.noFields))],
      ['GET', /^\/deliveries$/, ({request}) => this.#deliveries(request)],
      ['GET', /^\/notifications$/, ({request}) => this.#notifications(request)],
      ['GET', /^\/recordings$/, plain(() => ({recordings: simulator.recordings()}))],
      ['GET', /^\/recordings\/([^/.]+)\.wav$/, ({sid}) => this.#media(sid, 'wav')],
      ['GET', /^\/recordings\/([^/.]+)\.mp3$/, ({sid}) => this.#media(sid, 'mp3')],
      ['GET', /^\/clock$/, plain(() => simulator.clock())],
      ['PUT', /^\/clock$/, ({request}) => this.#setClock(request)],
      ['POST', /^\/clock\/advance$/, ({request}) => this.#advance(request)],
      ['POST', /^\/reset$/, ({request}) => this.#reset(request)],
    ];
  }

  async handle(request: ControlRequest): Promise<ControlReply> {
    if (request.method === 'OPTIONS') return {status: 204};
    const method = request.method === 'HEAD' ? 'GET' : request.method;
    const path = request.path.slice(controlPrefix.length).replace(/\/$/, '');
    const found = this.#routes.filter(([, pattern]) => pattern.test(path));
    if (found.length === 0) return problem(404, `Nothing at ${request.path.slice(0, 200)}`);
    const route = found.find(([allowed]) => allowed === method);
    if (route === undefined) {
      return problem(
        405,
        `${method} is not possible here, only ${found.map(([allowed]) => allowed).join(', ')}`,
      );
    }
    const [, pattern, handle] = route;
    try {
      return await handle({sid: pattern.exec(path)?.[1] ?? '', request});
    } catch (error) {
      // Invalid input: not JSON, an unknown field, scenario or fault, or a number that the account does not
      // own.
      if (error instanceof TypeError || error instanceof RangeError) return problem(400, error.message);
      throw error;
    }
  }

  #about(request: ControlRequest): ControlReply {
    queryOf(request, bodies.noQuery);
    const {accountSid, phoneNumber, speed} = this.#simulator;
    // Clients use this response to recognize the simulator.
    const simulator = '@hookswitch/simulator';
    const numbers = numberTable.map((range) => ({numbers: range.numbers, outcome: range.outcome}));
    const clock = this.#simulator.clock();
    return {
      status: 200,
      body: {simulator, accountSid, phoneNumber, speed, clock, scenarioNames, numbers},
    };
  }

  async #placeInboundCall(request: ControlRequest): Promise<ControlReply> {
    const sid = await this.#simulator.placeInboundCall(bodyOf(request, bodies.inboundCall));
    return {status: 201, body: this.#simulator.call(sid)};
  }

  #call(sid: string): ControlReply {
    const call = this.#simulator.call(sid);
    return call === null ? unknownCall(sid) : {status: 200, body: call};
  }

  #twiml(sid: string): ControlReply {
    if (this.#simulator.call(sid) === null) return unknownCall(sid);
    return {status: 200, body: {steps: this.#simulator.twimlLog(sid)}};
  }

  /** Runs an action of the far end. Responds with 409 if the call's state does not allow it. */
  #act<Body>(schema: z.ZodType<Body>, action: (sid: string, body: Body) => boolean): Handle {
    return ({sid, request}) => {
      const body = bodyOf(request, schema);
      const before = this.#simulator.call(sid);
      if (before === null) return unknownCall(sid);
      if (action(sid, body)) return {status: 200, body: this.#simulator.call(sid)};
      const {status, direction} = before;
      const verb = request.path.split('/').at(-1);
      return problem(409, `The call is ${status} (${direction}): ${verb} is not possible`);
    };
  }

  #setScenario(request: ControlRequest): ControlReply {
    const {numbers, scenario} = bodyOf(request, bodies.scenarioSet);
    this.#simulator.setScenario(numbers, scenario);
    return {status: 200, body: {scenarios: this.#simulator.scenarios()}};
  }

  #clearScenarios(request: ControlRequest): ControlReply {
    bodyOf(request, bodies.noFields);
    this.#simulator.clearScenarios();
    return {status: 204};
  }

  #setFaults(faults: Faults): ControlReply {
    this.#simulator.setFaults(faults);
    return {status: 200, body: this.#simulator.faults()};
  }

  #deliveries(request: ControlRequest): ControlReply {
    const {callSid, kind} = queryOf(request, bodies.deliveriesQuery);
    const deliveries = this.#simulator
      .deliveries()
      .filter((delivery) => (!callSid || delivery.callSid === callSid) && (!kind || delivery.kind === kind));
    return {status: 200, body: {deliveries}};
  }

  #notifications(request: ControlRequest): ControlReply {
    const {callSid} = queryOf(request, bodies.ofCallQuery);
    const notifications = this.#simulator
      .notifications()
      .filter((notification) => !callSid || notification.callSid === callSid);
    return {status: 200, body: {notifications}};
  }

  #media(sid: string, format: 'wav' | 'mp3'): ControlReply {
    const media = this.#simulator.recordingMedia(sid, format);
    return media === null ? problem(404, `No complete recording ${sid.slice(0, 200)}`) : {status: 200, media};
  }

  #setClock(request: ControlRequest): ControlReply {
    this.#simulator.setClock(bodyOf(request, bodies.clockSet).mode);
    return {status: 200, body: this.#simulator.clock()};
  }

  async #advance(request: ControlRequest): Promise<ControlReply> {
    await this.#simulator.advance(bodyOf(request, bodies.clockAdvance).seconds);
    return {status: 200, body: this.#simulator.clock()};
  }

  async #reset(request: ControlRequest): Promise<ControlReply> {
    bodyOf(request, bodies.noFields);
    await this.#simulator.reset();
    return {status: 204};
  }
}

/** Handles a request without parameters. */
function plain(body: () => unknown): Handle {
  return ({request}) => {
    queryOf(request, bodies.noQuery);
    return {status: 200, body: body()};
  };
}

function bodyOf<Body>({body}: ControlRequest, schema: z.ZodType<Body>): Body {
  let value: unknown;
  try {
    value = body.trim() === '' ? {} : JSON.parse(body);
  } catch (error) {
    throw new TypeError(`The body is not JSON: ${(error as Error).message}`);
  }
  return checked(schema, value, '');
}

function queryOf<Query>({query}: ControlRequest, schema: z.ZodType<Query>): Query {
  return checked(schema, Object.fromEntries(query), 'query');
}

function unknownCall(sid: string): ControlReply {
  return problem(404, `No call ${sid.slice(0, 200)}`);
}

function problem(status: number, message: string): ControlReply {
  return {status, body: {error: message}};
}
