/**
 * Controls a simulated Twilio: example calls, and faults to observe. Outbound calls take the same path as
 * every call, through the call service and its limits.
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
  /** Absent if TWILIO_API_URL is not set, because then requests go to Twilio itself. */
  readonly simulator?: TwilioSimulator;
  readonly calls: CallService;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Interval of the checks for a simulator, until one is found. */
const CHECK_INTERVAL_MS = 5000;

export class SimulatorControl {
  readonly #options: SimulatorControlOptions;
  #simulated = false;
  #checking: Promise<void> | undefined;
  #checkedAt = Number.NEGATIVE_INFINITY;

  constructor(options: SimulatorControlOptions) {
    this.#options = options;
  }

  /** Checks once for a simulator, without blocking the start. */
  start(): void {
    void this.#check();
  }

  /**
   * Whether Twilio is simulated, as far as known. Once `true` it stays `true`, even while the simulator is
   * away, because TWILIO_API_URL does not change. While it is `false`, reading it repeats the check now and
   * then.
   */
  get simulated(): boolean {
    void this.#check();
    return this.#simulated;
  }

  /** @throws AppError `not_found` if Twilio is not simulated, `provider_error` */
  async info(): Promise<SimulatorInfo> {
    const simulator = await this.#required();
    return toInfo(used(await simulator.faults()));
  }

  /** Runs a scenario. @throws AppError `not_found`, `provider_error`, and the errors of placing a call */
  async run(principal: Principal, id: string): Promise<SimulatedCall> {
    const simulator = await this.#required();
    const scenario = simulatorScenarios.find((each) => each.id === id);
    if (scenario === undefined) throw noSuch('scenario', id);
    if (scenario.direction === 'inbound')
      return {callSid: used(await simulator.placeInboundCall({...scenario.call, from: scenario.number}))};
    return this.#place(principal, scenario);
  }

  /** Activates exactly these faults. @throws AppError `not_found`, `invalid_request`, `provider_error` */
  async setFaults(active: readonly string[]): Promise<SimulatorInfo> {
    const simulator = await this.#required();
    const chosen = active.map((id) => findFault(id));
    const faults = Object.fromEntries(chosen.map(({name, chance}) => [name, chance]));
    return toInfo(used(await simulator.setFaults(faults)));
  }

  /** A scenario with several calls succeeds if at least one was placed. */
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
    if (!this.#simulated) await this.#check();
    if (simulator !== undefined && this.#simulated) return simulator;
    throw new AppError('not_found', 'Twilio is not simulated here (TWILIO_API_URL).');
  }

  /** Never rejects. Checks run one at a time and not too often. */
  #check(): Promise<void> {
    const {simulator, clock} = this.#options;
    if (simulator === undefined || this.#simulated) return Promise.resolve();
    if (this.#checking !== undefined) return this.#checking;
    if (clock.monotonic() - this.#checkedAt < CHECK_INTERVAL_MS) return Promise.resolve();
    this.#checkedAt = clock.monotonic();
    this.#checking = this.#identify(simulator).finally(() => {
      this.#checking = undefined;
    });
    return this.#checking;
  }

  async #identify(simulator: TwilioSimulator): Promise<void> {
    const {logger} = this.#options;
    try {
      this.#simulated = (await simulator.identify()) === true;
      if (this.#simulated) logger.info('Twilio is simulated: no call reaches a real phone');
    } catch (error) {
      logger.warn({err: error}, 'could not find out whether Twilio is simulated');
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
