/** Random steps for feed and sessions, and the search for an interleaving in which a session receives a wrong message. */
import type {TestContext} from 'node:test';
import fc from 'fast-check';
import type {SharedJournal} from './shared-journal.ts';
import {World} from './world.ts';

const SHRINKING_MS = 15_000;
const RUNS_PER_ROUND = 20;

const WAYS_BACK = ['resume', 'resume', 'resume', 'afresh', 'from nowhere'] as const;

interface Step {
  readonly name: string;
  readonly run: (world: World) => void | Promise<void>;
  /** Text in a counterexample. */
  readonly [fc.toStringMethod]: () => string;
}

const client = fc.nat({max: 3});

function step(name: string, run: Step['run']): Step {
  return {name, run, [fc.toStringMethod]: () => name};
}

const steps = fc.array(
  fc.oneof(
    {
      weight: 8,
      arbitrary: fc
        .tuple(fc.nat({max: 5}), fc.nat({max: 4}), fc.nat({max: 2}))
        .map(([call, status, writer]) =>
          step(`append ${call}/${status} at ${writer}`, (world) => world.append(call, status, writer)),
        ),
    },
    {
      weight: 5,
      arbitrary: fc
        .tuple(client, fc.constantFrom(...WAYS_BACK))
        .map(([who, how]) => step(`connect ${who} ${how}`, (world) => world.connect(who, how))),
    },
    {
      weight: 3,
      arbitrary: fc
        .constantFrom('microtask', 'turn', 'acknowledged', 'settled')
        .map((what) => step(what, (world) => pause(world, what))),
    },
    {
      weight: 2,
      arbitrary: fc
        .tuple(client, fc.nat({max: 5}), fc.nat({max: 4}))
        .map(([who, call, status]) =>
          step(`come from elsewhere ${who} after ${call}/${status}`, (world) =>
            comeFromElsewhere(world, who, call, status),
          ),
        ),
    },
    {weight: 2, arbitrary: client.map((who) => step(`hang up ${who}`, (world) => world.hangUp(who)))},
    {
      weight: 2,
      arbitrary: client.map((who) => step(`stop reading ${who}`, (world) => world.stopReading(who))),
    },
    {
      weight: 2,
      arbitrary: fc
        .tuple(client, fc.nat({max: 400_000}))
        .map(([who, bytes]) => step(`read ${bytes} ${who}`, (world) => world.readSome(who, bytes))),
    },
    {weight: 2, arbitrary: client.map((who) => step(`read on ${who}`, (world) => world.readOn(who)))},
    {
      weight: 2,
      arbitrary: fc
        .tuple(client, fc.oneof(fc.constant(63), fc.nat({max: 63})))
        .map(([who, which]) => step(`subscribe ${who} ${which}`, (world) => world.subscribe(who, which))),
    },
    {
      weight: 1,
      arbitrary: fc
        .constantFrom(10, 1000, 25_000, 31_000)
        .map((ms) => step(`${ms} ms pass`, (world) => world.advance(ms))),
    },
    {
      weight: 1,
      // Rare, because after a trim fewer results are determined.
      arbitrary: fc
        .nat({max: 7})
        .map((n) =>
          n === 0 ? step('trim', (world) => world.trim()) : step('settled', (world) => world.settle()),
        ),
    },
  ),
  {minLength: 20, maxLength: 120, size: 'max'},
);

/** A client leaves a node that has just written an entry, and connects to a node that lags behind. */
async function comeFromElsewhere(world: World, who: number, call: number, status: number): Promise<void> {
  world.hangUp(who);
  world.append(call, status);
  await world.acknowledged();
  world.connect(who, 'from elsewhere');
}

async function pause(world: World, what: 'microtask' | 'turn' | 'acknowledged' | 'settled'): Promise<void> {
  if (what === 'settled') await world.settle();
  else if (what === 'acknowledged') await world.acknowledged();
  else if (what === 'turn') await new Promise((resolve) => setImmediate(resolve));
  else await Promise.resolve();
}

function add(totals: Record<string, number>, more: Readonly<Record<string, number>>): void {
  for (const [name, count] of Object.entries(more)) totals[name] = (totals[name] ?? 0) + count;
}

/** Searches for `budgetMs`. `FC_SEED=n` repeats one seed. */
export async function explore(t: TestContext, shared: SharedJournal, budgetMs: number): Promise<void> {
  const totals: Record<string, number> = {};
  const only = process.env['FC_SEED'];
  const deadline = performance.now() + budgetMs;
  const property = fc.asyncProperty(steps, async (all) => {
    // Limits the shrinking of a failure: after this time every run passes, which ends it.
    if (performance.now() > deadline + SHRINKING_MS) return;
    const world = new World(shared);
    await world.start();
    try {
      for (const {run} of all) await run(world);
    } finally {
      await world.finish();
    }
    add(totals, {runs: 1, steps: all.length, ...world.counts});
  });
  // In rounds, because the library's own time limit does not end the shrinking.
  do {
    const seed = only === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(only);
    await fc.assert(property, {numRuns: RUNS_PER_ROUND, seed});
  } while (only === undefined && performance.now() < deadline);
  t.diagnostic(JSON.stringify(totals));
}
