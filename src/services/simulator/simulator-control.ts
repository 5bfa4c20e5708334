/**
 * Steering a simulated Twilio: calls to try things with, and faults to see what they do. Outbound calls take the way
 * that every call takes, through the call service and its limits.
 */
import type {SimulatedCall, SimulatorInfo} from '@hookswitch/protocol';
import type {Logger} from 'pino';
import type {Principal} from '../../auth/authenticator.ts';
import type {Clock} from '../../clock.ts';
import {AppError} from '../../errors/app-error.ts';
import type {SimulatorAnswer, SimulatorFaults, TwilioSimulator} from '../../twilio/twilio-simulator.ts';
import type {CallService} from '../calls/call-service.ts';
import {type SimulatorFault, simulatorFaults} from './simulator-faults.ts';
import {type SimulatorScenario, simulatorScenarios} from './simulator-scenarios.ts';

export interface SimulatorControlOptions {
  /** Absent when TWILIO_API_URL is not set: then it is Twilio itself that is asked. */
  readonly simulator?: TwilioSimulator;
  readonly calls: CallService;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Between two looks whether there is a simulator, as long as there was none. */
const LOOK_EVERY_MS = 5000;

export class SimulatorControl {
  readonly #options: SimulatorControlOptions;
  #simulated = false;
  #looking: Promise<void> | undefined;
  #lookedAt = Number.NEGATIVE_INFINITY;

  constructor(options: SimulatorControlOptions) {
    this.#options = options;
  }

  /** Looks once, and keeps nobody waiting. */
  start(): void {
    void this.#look();
  }

  /**
   * Whether Twilio is simulated, as far as it is known: it stays so, also while the simulator is away, since what is
   * at TWILIO_API_URL does not become Twilio. Asking looks again now and then.
   */
  get simulated(): boolean {
    void this.#look();
    return this.#simulated;
  }

  /** @throws AppError `not_found` where Twilio is not simulated, `provider_error` */
  async info(): Promise<SimulatorInfo> {
    const simulator = await this.#required();
    return toInfo(used(await simulator.faults()));
  }

  /** Runs a scenario. @throws AppError `not_found`, `provider_error`, and whatever placing a call throws */
  async run(principal: Principal, id: string): Promise<SimulatedCall> {
    const simulator = await this.#required();
    const scenario = simulatorScenarios.find((each) => each.id === id);
    if (scenario === undefined) throw noSuch('scenario', id);
    if (scenario.direction === 'inbound')
      return {callSid: used(await simulator.placeInboundCall({...scenario.call, from: scenario.number}))};
    return this.#place(principal, scenario);
  }

  /** These faults and no others. @throws AppError `not_found`, `invalid_request`, `provider_error` */
  async setFaults(active: readonly string[]): Promise<SimulatorInfo> {
    const simulator = await this.#required();
    const chosen = active.map((id) => findFault(id));
    const faults = Object.fromEntries(chosen.map(({name, chance}) => [name, chance]));
    return toInfo(used(await simulator.setFaults(faults)));
  }

  /** Several at once are one scenario: it counts as run when one was placed. */
  async #place(
    principal: Principal,
    {calls}: SimulatorScenario & {direction: 'outbound'},
  ): Promise<SimulatedCall> {
    const placed = await Promise.allSettled(calls.map((call) => this.#options.calls.place(principal, call)));
    const first = placed.find((outcome) => outcome.status === 'fulfilled');
    if (first !== undefined) return {callSid: first.value.call.callSid};
    const refusal = placed.find((outcome) => outcome.status === 'rejected');
    throw refusal?.reason ?? new Error('a scenario without calls');
  }

  async #required(): Promise<TwilioSimulator> {
    const {simulator} = this.#options;
    if (!this.#simulated) await this.#look();
    if (simulator !== undefined && this.#simulated) return simulator;
    throw new AppError('not_found', 'Twilio is not simulated here (TWILIO_API_URL).');
  }

  /** Never rejects; nothing is asked twice at once, nor too often. */
  #look(): Promise<void> {
    const {simulator, clock} = this.#options;
    if (simulator === undefined || this.#simulated) return Promise.resolve();
    if (this.#looking !== undefined) return this.#looking;
    if (clock.monotonic() - this.#lookedAt < LOOK_EVERY_MS) return Promise.resolve();
    this.#lookedAt = clock.monotonic();
    this.#looking = this.#identify(simulator).finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  async #identify(simulator: TwilioSimulator): Promise<void> {
    const {logger} = this.#options;
    try {
      this.#simulated = (await simulator.identify()) === true;
      if (this.#simulated) logger.info('Twilio is simulated: nothing here reaches a telephone');
    } catch (error) {
      logger.warn({err: error}, 'whether Twilio is simulated could not be found out');
    }
  }
}

function toInfo(active: SimulatorFaults): SimulatorInfo {
  return {
    scenarios: simulatorScenarios.map(({id, label, description, direction, number}) => ({
      id,
      label,
      description,
      direction,
      number,
    })),
    faults: simulatorFaults.map(({id, label, description, name}) => ({
      id,
      label,
      description,
      active: active[name] !== undefined,
    })),
  };
}

function findFault(id: string): SimulatorFault {
  const found = simulatorFaults.find((fault) => fault.id === id);
  if (found !== undefined) return found;
  const known = simulatorFaults.map((fault) => fault.id);
  throw new AppError('invalid_request', `active: there is no fault ${id.slice(0, 64)}.`, {
    context: {field: 'active', known},
  });
}

function noSuch(what: string, id: string): AppError {
  return new AppError('not_found', `There is no such ${what}.`, {context: {id: id.slice(0, 64)}});
}

/** @throws AppError `provider_error` */
function used<Value>(answer: SimulatorAnswer<Value>): Value {
  if (answer.kind === 'answered') return answer.value;
  throw new AppError(
    'provider_error',
    answer.kind === 'refused' ? `The simulator: ${answer.message}` : 'The simulator does not answer.',
    {context: {reason: answer.message}},
  );
}
