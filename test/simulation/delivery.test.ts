/**
 * Feed and sessions on a real journal, in thousands of interleavings of appends, reads, drains, breaks, resumes,
 * subscriptions, trims and time. `FC_SEED=n` runs one again.
 */
import {test} from 'node:test';
import {sharedPostgresJournal, sharedSqliteJournal} from '../support/simulation/shared-journal.ts';
import {explore} from '../support/simulation/steps.ts';

const BUDGET_MS = Number(process.env['BUDGET_MS'] ?? 10_000);
/** The search, and what makes a failure smaller. */
const TIMEOUT_MS = BUDGET_MS + 90_000;

test('[W3] [W11] [W12] [W13] whatever the order, every session is told exactly what it may see', {
  timeout: TIMEOUT_MS,
}, async (t) => {
  await using shared = await sharedSqliteJournal();
  await explore(t, shared, BUDGET_MS);
});

test('[W3] [W11] [W12] [W13] and so it is where another node of a Postgres writes', {
  timeout: TIMEOUT_MS,
}, async (t) => {
  await using shared = await sharedPostgresJournal();
  await explore(t, shared, BUDGET_MS / 2);
});
