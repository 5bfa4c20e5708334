import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {test} from 'node:test';
import fc from 'fast-check';
import {acrossFigures, nodeFigures, sharedOneCore} from './benchmark-figures.ts';
import {heldMs, MAX_GROUP, POLL_MS} from './costs.ts';
import {webhookCosts} from './costs-of-tests.ts';
import {parts, withParts} from './document.ts';
import {basis} from './main.ts';
import {CONNECTIONS_PER_NODE, margins, planPostgres, planSqlite, tellUs} from './sizing.ts';

const root = new URL('../../', import.meta.url);
const read = (file: string) => readFileSync(new URL(file, root), 'utf8');
const figures = nodeFigures(read('docs/BENCHMARKS.md'));

test('SCALING.md says what was measured last: otherwise `npm run scaling -- --write`', () => {
  const document = read('docs/SCALING.md');
  assert.equal(withParts(document, parts(basis())), document);
});

test('a part that has no place in the document is not left out in silence', () => {
  assert.throws(() => withParts('# Scaling', {costs: 'a'}), /no place for costs/);
});

test('a figure that is not in BENCHMARKS.md is named', () => {
  const without = read('docs/BENCHMARKS.md').replaceAll('bursts of ten', 'bursts of two');
  assert.throws(() => nodeFigures(without), /table “bursts of ten”, row “gateway”/);
});

test('a fit that does not fit is said to be none', () => {
  const known = basis();
  const fitting = [1, 50, 500].map((size) => ({size, lockedMs: heldMs(known.costs, size), perSecond: 1}));
  assert.doesNotMatch(parts({...known, groups: fitting})['costs'] ?? '', /measure again/);
  const disturbed = [...fitting, {size: 100, lockedMs: 2 * heldMs(known.costs, 100), perSecond: 1}];
  assert.match(parts({...known, groups: disturbed})['costs'] ?? '', /50\.0 % at most\. \*\*The machine/);
});

test('the way across is read from its own columns, and none is nothing', () => {
  const table = `All gateways share
one core.

| nodes | callbacks/s      | same node: p50, ms | p99, ms | another node: p50, ms | p99, ms | CPU of nodes, % |
|-------|-----------------:|-------------------:|--------:|----------------------:|--------:|----------------:|
| 2     | 1,551 (540–1,600) |               4.10 |    9.00 |      6.20 (5.90–7.00) |    21.0 |            40.0 |
| 3     |              549 |               5.10 |    10.0 |                  7.30 |    24.0 |            50.0 |

Text.`;
  assert.deepEqual(acrossFigures(table), [
    {nodes: 2, perSecond: 1551, p50Ms: 6.2, p99Ms: 21},
    {nodes: 3, perSecond: 549, p50Ms: 7.3, p99Ms: 24},
  ]);
  assert.equal(sharedOneCore(table), true);
  assert.deepEqual(acrossFigures('| nodes | callbacks/s |'), []);
  const {across} = parts({...basis(), across: acrossFigures(table), nodeCores: 1});
  assert.match(across ?? '', /\| 3 .*%/);
  assert.doesNotMatch(across ?? '', /NaN/);
});

test('the model’s constants are those of the code', () => {
  const constant = (file: string, name: string) =>
    Number(new RegExp(`const ${name} = ([\\d_]+);`).exec(read(file))?.[1]?.replaceAll('_', ''));
  assert.equal(constant('src/journal/postgres/writer/postgres-writer.ts', 'MAX_GROUP'), MAX_GROUP);
  assert.equal(constant('src/journal/postgres/tail/head-tail.ts', 'POLL_MS'), POLL_MS);
  assert.equal(constant('src/services/sessions/session-delivery.ts', 'FAN_OUT_SLICE'), 256);
  assert.equal(constant('src/journal/postgres/reader/reader-queries.ts', 'TAIL_PAGE'), 1000);
  const shared = constant('src/cluster/postgres/postgres-cluster.ts', 'SHARED_CONNECTIONS');
  const pool = Number(/maxConnections = (\d+)/.exec(read('src/postgres/postgres-database.ts'))?.[1]);
  // And the heartbeat's; the writer, the tail, the listener; one while it starts.
  assert.equal(pool + shared + 1 + 3 + 1, CONNECTIONS_PER_NODE);
});

test('a message costs what was measured, alone and with nine others', () => {
  const audience = {sessions: 1000, audience: 1000};
  assert.ok(Math.abs(tellUs(figures, {...audience, entries: 1}) / 1000 / figures.messageUs - 1) < 1e-9);
  assert.ok(Math.abs(tellUs(figures, {...audience, entries: 10}) / 1000 / figures.messageOfTenUs - 1) < 1e-9);
});

const demandsOfTests = fc
  .record({perSecond: fc.integer({min: 1, max: 30_000}), sessions: fc.integer({min: 0, max: 100_000})})
  .chain((demand) =>
    fc.integer({min: 0, max: Math.min(300, demand.sessions)}).map((audience) => ({...demand, audience})),
  );

test('a plan keeps what is promised with one node gone', () => {
  fc.assert(
    fc.property(demandsOfTests, (demand) => {
      const plan = planPostgres(webhookCosts, figures, demand);
      assert.ok(plan !== undefined);
      const {each, journals} = plan;
      assert.ok(each.nodes >= 2 && each.nodes <= margins.nodes);
      assert.ok(each.threadShare <= margins.threadShare && each.ackMs <= margins.ackMs);
      assert.ok(demand.sessions / journals / (each.nodes - 1) <= margins.sessionsPerNode);
    }),
    {numRuns: 60},
  );
});

// With somebody to tell this is not so: the more comes, the larger are groups, and the cheaper is a message.
test('where nobody is told, twice as much takes no fewer journals and nodes', () => {
  fc.assert(
    fc.property(demandsOfTests, ({perSecond, sessions}) => {
      const [once, twice] = [perSecond, 2 * perSecond].map((rate) =>
        planPostgres(webhookCosts, figures, {perSecond: rate, sessions, audience: 0}),
      );
      assert.ok(once !== undefined && twice !== undefined);
      assert.ok(twice.journals >= once.journals);
      if (twice.journals === once.journals) assert.ok(twice.each.nodes >= once.each.nodes);
    }),
    {numRuns: 60},
  );
});

test('one node on SQLite does little, and not much', () => {
  assert.equal(planSqlite(figures, {perSecond: 10, sessions: 100, audience: 10}).fits, true);
  assert.equal(planSqlite(figures, {perSecond: 10, sessions: 6000, audience: 1}).fits, false);
  assert.equal(planSqlite(figures, {perSecond: 5000, sessions: 10, audience: 1}).fits, false);
});
