import type {Faults} from '../faults/faults.ts';
import {numberTable} from '../scenarios/number-table.ts';
import {type Scenario, scenarioNames} from '../scenarios/scenario.ts';
import type {InboundCallOptions, SimulatedCall} from '../simulated-call.ts';
import type {Delivery} from '../webhooks/delivery-log.ts';
import {
  type ControlHandler,
  type ControlReply,
  type ControlRequest,
  controlPrefix,
} from './control-handler.ts';

/** What the control API needs of a simulator. */
export interface SteerableSimulator {
  readonly accountSid: string;
  readonly phoneNumber: string;
  readonly speed: number;
  placeInboundCall(options: InboundCallOptions): Promise<string>;
  call(sid: string): SimulatedCall | null;
  calls(): SimulatedCall[];
  hangUp(sid: string): boolean;
  pressKeys(sid: string, keys: string): boolean;
  setScenario(pattern: string, scenario: Scenario): void;
  scenarios(): unknown[];
  clearScenarios(): void;
  setFaults(faults: Faults): void;
  faults(): unknown;
  deliveries(): readonly Delivery[];
}

interface Match {
  readonly sid: string;
  readonly query: URLSearchParams;
  readonly body: unknown;
}

type Handle = (match: Match) => ControlReply | Promise<ControlReply>;

/** The simulator over HTTP, for other programs and web pages: small, JSON, without credentials. */
export class ControlApi implements ControlHandler {
  readonly #simulator: SteerableSimulator;
  readonly #routes: readonly (readonly [string, RegExp, Handle])[];

  constructor({simulator}: {readonly simulator: SteerableSimulator}) {
    this.#simulator = simulator;
    this.#routes = [
      ['GET', /^$/, () => this.#about()],
      ['GET', /^\/calls$/, () => ({status: 200, body: {calls: simulator.calls()}})],
      ['POST', /^\/calls$/, ({body}) => this.#placeInboundCall(body)],
      ['GET', /^\/calls\/(CA\w+)$/, ({sid}) => this.#call(sid)],
      ['POST', /^\/calls\/(CA\w+)\/hang-up$/, ({sid}) => this.#act(sid, simulator.hangUp(sid))],
      ['POST', /^\/calls\/(CA\w+)\/keys$/, ({sid, body}) => this.#pressKeys(sid, body)],
      ['GET', /^\/scenarios$/, () => this.#scenarios()],
      ['PUT', /^\/scenarios$/, ({body}) => this.#setScenario(body)],
      ['DELETE', /^\/scenarios$/, () => this.#clearScenarios()],
      ['GET', /^\/faults$/, () => ({status: 200, body: simulator.faults()})],
      ['PUT', /^\/faults$/, ({body}) => this.#setFaults(body)],
      ['DELETE', /^\/faults$/, () => this.#setFaults({})],
      ['GET', /^\/deliveries$/, ({query}) => this.#deliveries(query)],
    ];
  }

  async handle({method, url, body}: ControlRequest): Promise<ControlReply> {
    if (method === 'OPTIONS') return {status: 204};
    const path = url.pathname.slice(controlPrefix.length).replace(/\/$/, '');
    const found = this.#routes.filter(([, pattern]) => pattern.test(path));
    if (found.length === 0) return problem(404, `Nothing at ${url.pathname}`);
    const route = found.find(([allowed]) => allowed === method);
    if (route === undefined) return problem(405, `${method} is not possible here`);
    const [, pattern, handle] = route;
    try {
      const sid = pattern.exec(path)?.[1] ?? '';
      return await handle({sid, query: url.searchParams, body: body === '' ? {} : JSON.parse(body)});
    } catch (error) {
      // Wrong input of every kind: no JSON, an unknown scenario or fault, a number the account does not own.
      const isInput =
        error instanceof SyntaxError || error instanceof TypeError || error instanceof RangeError;
      if (!isInput) throw error;
      return problem(400, error.message);
    }
  }

  #about(): ControlReply {
    const {accountSid, phoneNumber, speed} = this.#simulator;
    // Whoever finds an answer here can tell that it is this simulator's.
    const simulator = '@hookswitch/simulator';
    const numbers = numberTable.map((range) => ({numbers: range.numbers, outcome: range.outcome}));
    return {status: 200, body: {simulator, accountSid, phoneNumber, speed, scenarioNames, numbers}};
  }

  async #placeInboundCall(body: unknown): Promise<ControlReply> {
    const {from, ...rest} = object(body);
    const sid = await this.#simulator.placeInboundCall({
      ...rest,
      from: text(from, 'from'),
    });
    return {status: 201, body: this.#simulator.call(sid)};
  }

  #call(sid: string): ControlReply {
    const call = this.#simulator.call(sid);
    return call === null ? problem(404, `No call ${sid}`) : {status: 200, body: call};
  }

  #act(sid: string, done: boolean): ControlReply {
    const call = this.#simulator.call(sid);
    if (call === null) return problem(404, `No call ${sid}`);
    return done ? {status: 200, body: call} : problem(409, `The call is ${call.status}`);
  }

  #pressKeys(sid: string, body: unknown): ControlReply {
    return this.#act(sid, this.#simulator.pressKeys(sid, text(object(body)['keys'], 'keys')));
  }

  #scenarios(): ControlReply {
    return {status: 200, body: {scenarios: this.#simulator.scenarios()}};
  }

  #setScenario(body: unknown): ControlReply {
    const {numbers, scenario} = object(body);
    this.#simulator.setScenario(text(numbers, 'numbers'), scenario as Scenario);
    return this.#scenarios();
  }

  #clearScenarios(): ControlReply {
    this.#simulator.clearScenarios();
    return {status: 204};
  }

  #setFaults(body: unknown): ControlReply {
    this.#simulator.setFaults(object(body));
    return {status: 200, body: this.#simulator.faults()};
  }

  #deliveries(query: URLSearchParams): ControlReply {
    const callSid = query.get('callSid');
    const kind = query.get('kind');
    const deliveries = this.#simulator
      .deliveries()
      .filter((delivery) => (!callSid || delivery.callSid === callSid) && (!kind || delivery.kind === kind));
    return {status: 200, body: {deliveries}};
  }
}

function problem(status: number, message: string): ControlReply {
  return {status, body: {error: message}};
}

function object(body: unknown): Record<string, unknown> {
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw new TypeError('Expected a JSON object');
  return body as Record<string, unknown>;
}

function text(value: unknown, name: string): string {
  if (typeof value !== 'string' || value === '') throw new TypeError(`${name} is missing`);
  return value;
}
