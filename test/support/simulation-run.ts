/** Runs a plan against the real gateway, and checks every history afterwards. */

import {ACCESS_KEY, type CrashGateway, createCrashGateway} from './crash-gateway.ts';
import {readJournalFile} from './crash-journal-file.ts';
import {checkAgainstTwilio, checkClient, checkComplete, lastPushed} from './simulation-check.ts';
import {SimulatedClient} from './simulation-client.ts';
import {Gate, LoadClock} from './simulation-clock.ts';
import {drawPlan, type Plan, type PlanOptions} from './simulation-plan.ts';
import {must, Trace, Violation} from './simulation-trace.ts';
import {ACCOUNT_SID, AUTH_TOKEN, bringWebhooks, TruthfulRest} from './simulation-twilio.ts';
import {until} from './until.ts';

export interface SimulationResult {
  readonly entries: number;
  readonly reconciled: number;
  readonly kills: number;
  readonly unanswered: number;
  readonly connections: number;
  readonly resumed: number;
}

/** Runs the simulation of a seed. @throws Error that names the rule, the seed and what led to it */
export async function simulate(seed: number, options: PlanOptions): Promise<SimulationResult> {
  const trace = new Trace();
  try {
    return await run(drawPlan(seed, options), trace);
  } catch (error) {
    const subject = error instanceof Violation ? error.subject : 'gateway';
    const message = error instanceof Violation ? `${subject}: ${error.message}` : String(error);
    throw new Error(
      `seed ${seed}: ${message}\n\n${trace.about(subject)}\n\nAgain: SEED=${seed} npm test -- test/simulation`,
      {cause: error},
    );
  }
}

async function run(plan: Plan, trace: Trace): Promise<SimulationResult> {
  const clock = new LoadClock();
  const gate = new Gate();
  await using rest = new TruthfulRest(plan, clock);
  await rest.start();
  const account = {accountSid: ACCOUNT_SID, authToken: AUTH_TOKEN};
  await using gateway = await createCrashGateway({...account, apiUrl: rest.url});
  const lives = new Lives(gateway, gate, trace);
  await lives.start();
  const common = {wsUrl: gateway.wsUrl, token: ACCESS_KEY, clock, gate, trace};
  const clients = plan.clients.map(
    (_, index) => new SimulatedClient({...common, name: `client ${index + 1}`}),
  );
  using _ = {
    [Symbol.dispose]() {
      for (const client of clients) client.end();
    },
  };

  const living = Promise.all(clients.map((client, index) => client.live(plan.clients[index] ?? [])));
  const killing = lives.kill(plan, clock);
  const [outcomes] = await Promise.all([
    bringWebhooks(plan, {gatewayUrl: gateway.url, clock, gate, trace}),
    killing,
    living,
  ]);
  clock.end();

  // What was lost for good is found by looking: calls left open are looked up at every start.
  await lives.restart();
  await until(async () => (await gateway.api('/api/calls?status=active')).body.calls.length === 0, {
    what: 'every call to be corrected',
    timeoutMs: 30_000,
  });
  await Promise.all(clients.map((client) => client.stay()));
  const end = lastPushed(readJournalFile(gateway.databaseFile));
  for (const client of clients) {
    await until(() => (client.position?.offset ?? 0) >= end, {what: `${client.name} to be told of ${end}`});
  }
  const exitCode = await gateway.terminate();
  must(exitCode === 0, 'gateway', `ended with ${exitCode}`);

  const journal = readJournalFile(gateway.databaseFile);
  must(journal.epoch === lives.epoch, 'gateway', `[J7] epoch ${journal.epoch} in the file`);
  checkAgainstTwilio(journal, {plan, outcomes, said: rest.said});
  for (const {name, history} of clients) {
    checkClient(name, history, journal);
    checkComplete(name, history, journal);
  }
  const connections = clients.flatMap(({history}) => history);
  return {
    entries: journal.entries.length,
    reconciled: journal.entries.filter(({event}) => event.source === 'reconcile').length,
    kills: gateway.kills - 1,
    unanswered: outcomes.failures,
    connections: connections.length,
    resumed: connections.filter(({resume}) => resume !== undefined).length,
  };
}

/** The lives of the process, one after the other. */
class Lives {
  readonly #gateway: CrashGateway;
  readonly #gate: Gate;
  readonly #trace: Trace;
  #epoch: string | undefined;

  constructor(gateway: CrashGateway, gate: Gate, trace: Trace) {
    this.#gateway = gateway;
    this.#gate = gate;
    this.#trace = trace;
  }

  get epoch(): string | undefined {
    return this.#epoch;
  }

  async start(): Promise<void> {
    const {epoch, head} = await this.#gateway.start();
    this.#trace.add('gateway', `listens, head ${head}`);
    this.#epoch ??= epoch;
    must(epoch === this.#epoch, 'gateway', `[J7] starts with epoch ${epoch} after ${this.#epoch}`);
    this.#gate.open();
  }

  async restart(): Promise<void> {
    this.#gate.shut();
    await this.#gateway.kill();
    this.#trace.add('gateway', 'was killed');
    await this.start();
  }

  /** Kills when the plan says so, also in the middle of starting. */
  async kill(plan: Plan, clock: LoadClock): Promise<void> {
    for (const {at, alsoWhen} of plan.kills) {
      await clock.reached(at);
      // At once, with everything that was just sent still on its way.
      this.#gate.shut();
      await this.#gateway.kill();
      this.#trace.add('gateway', `was killed at delivery ${at}`);
      for (const line of alsoWhen) {
        this.#gateway.spawn();
        await this.#gateway.logged(line);
        await this.#gateway.kill();
        this.#trace.add('gateway', `was killed again, after "${line}"`);
      }
      await this.start();
    }
  }
}
