/** Runs a plan against real gateways, and checks the histories afterwards. */
import {ACCESS_KEY} from '../crash/crash-gateway.ts';
import {until} from '../until.ts';
import {checkAgainstTwilio, checkClient, checkComplete, lastPushed} from './check.ts';
import {SimulatedClient} from './client.ts';
import {LoadClock} from './clock.ts';
import {type Deploy, type Deployment, onSqlite} from './deployment.ts';
import {disturb} from './disturb.ts';
import {SimulatedNodes} from './nodes.ts';
import {drawPlan, type Plan, type PlanOptions} from './plan.ts';
import {must, Trace, Violation} from './trace.ts';
import {SimulatedRest, sendWebhooks} from './twilio.ts';

export interface SimulationOptions extends PlanOptions {
  /** @default onSqlite */
  readonly deploy?: Deploy;
  /** The command to repeat a seed. @default SEED=n npm test -- test/simulation/simulation.test.ts */
  readonly again?: (seed: number) => string;
}

export interface SimulationResult {
  readonly entries: number;
  readonly reconciled: number;
  readonly unanswered: number;
  readonly connections: number;
  readonly resumed: number;
  /** Sessions closed by a draining node. */
  readonly closedSessions: number;
}

/** Time limit of a simulation. */
const DEADLINE_MS = 110_000;

const defaultAgain = (seed: number) => `SEED=${seed} npm test -- test/simulation/simulation.test.ts`;

/** Runs the simulation of a seed. @throws Error with the rule, the seed and the trace */
export async function simulate(seed: number, options: SimulationOptions): Promise<SimulationResult> {
  const {deploy = onSqlite, again = defaultAgain} = options;
  const trace = new Trace();
  try {
    return await run(drawPlan(seed, options), deploy, trace);
  } catch (error) {
    const subject = error instanceof Violation ? error.subject : 'gateway';
    const message = error instanceof Violation ? `${subject}: ${error.message}` : String(error);
    throw new Error(`seed ${seed}: ${message}\n\n${trace.about(subject)}\n\nTo repeat: ${again(seed)}`, {
      cause: error,
    });
  }
}

async function run(plan: Plan, deploy: Deploy, trace: Trace): Promise<SimulationResult> {
  const clock = new LoadClock();
  await using rest = new SimulatedRest(plan, clock);
  await rest.start();
  await using deployment = await deploy(rest.url);
  const nodes = new SimulatedNodes(deployment, trace);
  const clients = plan.clients.map((_, index) => {
    const name = `client ${index + 1}`;
    return new SimulatedClient({name, first: index, token: ACCESS_KEY, clock, nodes, trace});
  });
  using _ = {
    [Symbol.dispose]() {
      nodes.end();
      clock.end();
      for (const client of clients) client.end();
    },
  };
  const {promise: late, reject} = Promise.withResolvers<never>();
  const deadline = setTimeout(
    () => reject(new Error(`did not finish within ${DEADLINE_MS} ms`)),
    DEADLINE_MS,
  );
  try {
    return await Promise.race([runOn({plan, clock, rest, deployment, nodes, clients, trace}), late]);
  } finally {
    clearTimeout(deadline);
  }
}

interface Parts {
  readonly plan: Plan;
  readonly clock: LoadClock;
  readonly rest: SimulatedRest;
  readonly deployment: Deployment;
  readonly nodes: SimulatedNodes;
  readonly clients: readonly SimulatedClient[];
  readonly trace: Trace;
}

async function runOn(parts: Parts): Promise<SimulationResult> {
  const {plan, clock, rest, deployment, nodes, clients, trace} = parts;
  await nodes.startAll();
  const [outcomes] = await Promise.all([
    sendWebhooks(plan, {nodes, clock, trace}),
    disturb(plan.disturbances, {nodes, clock, trace}),
    ...clients.map((client, index) => client.makeVisits(plan.clients[index] ?? [])),
  ]);
  clock.end();
  await correctOpenCalls(parts);
  await Promise.all(clients.map((client) => client.stay()));
  const end = lastPushed(await deployment.readJournal());
  for (const client of clients) {
    await until(() => (client.position?.offset ?? 0) >= end, {what: `${client.name} to reach offset ${end}`});
  }
  await endAll(nodes);

  const journal = await deployment.readJournal();
  must(journal.epoch === nodes.epoch, 'gateway', `[J7] epoch ${journal.epoch} in the file`);
  checkAgainstTwilio(journal, {plan, outcomes, returned: rest.returned});
  for (const {name, history} of clients) {
    checkClient(name, history, journal);
    checkComplete(name, history, journal);
  }
  const connections = clients.flatMap(({history}) => history);
  return {
    entries: journal.entries.length,
    reconciled: journal.entries.filter(({event}) => event.source === 'reconcile').length,
    unanswered: outcomes.failures,
    connections: connections.length,
    resumed: connections.filter(({resume}) => resume !== undefined).length,
    closedSessions: nodes.all.reduce((sum, {closedSessions}) => sum + closedSessions, 0),
  };
}

const CORRECTED_WITHIN_MS = 30_000;
/** Interval at which leases expire, because a new holder may have acted on a lagging feed. */
const LOOK_AGAIN_MS = 5000;

/** [J6] Lost ends are found by lookups: a new lease holder starts with the open calls. */
async function correctOpenCalls({deployment, nodes}: Parts): Promise<void> {
  const [first] = nodes.all;
  if (first === undefined) throw new Error('the simulation has no nodes');
  if (deployment.expireLeases === undefined) {
    await nodes.kill(first, 'after everything');
    await nodes.start(first);
  }
  let lookedAt = Number.NEGATIVE_INFINITY;
  await until(
    async () => {
      if (performance.now() - lookedAt > LOOK_AGAIN_MS) {
        lookedAt = performance.now();
        await deployment.expireLeases?.();
      }
      return (await first.gateway.api('/api/calls?status=active')).body.calls.length === 0;
    },
    {what: 'every call to be corrected', timeoutMs: CORRECTED_WITHIN_MS},
  );
}

/** Drains a single node. Kills several nodes, because each drain would wait for the others. */
async function endAll(nodes: SimulatedNodes): Promise<void> {
  const [first, ...others] = nodes.all;
  if (first === undefined) return;
  if (others.length > 0) {
    await Promise.all(nodes.all.map((node) => nodes.kill(node, 'at the end')));
    return;
  }
  const code = await nodes.drain(first);
  must(code === 0, 'gateway', `exited with code ${code}`);
}
