/**
 * Tests feed and sessions on a real journal in thousands of random interleavings of appends, reads, drains,
 * disconnects, resumes, subscriptions, trims and time. `FC_SEED=n` repeats one.
 */
import {test} from 'node:test';
import {sharedPostgresJournal, sharedSqliteJournal} from '../support/simulation/shared-journal.ts';
import {explore} from '../support/simulation/steps.ts';

const BUDGET_MS = Number(process.env['BUDGET_MS'] ?? 10_000);
/** Time for the search and for shrinking a failure. */
const TIMEOUT_MS = BUDGET_MS + 90_000;

test('[W3] [W11] [W12] [W13] every session receives exactly what it may see, in any interleaving', {
  timeout: TIMEOUT_MS,
}, async (t) => {
  await using shared = await sharedSqliteJournal();
  await explore(t, shared, BUDGET_MS);
});

test('[W3] [W11] [W12] [W13] every session receives exactly what it may see while another Postgres node writes', {
  timeout: TIMEOUT_MS,
}, async (t) => {
  await using shared = await sharedPostgresJournal();
  await explore(t, shared, BUDGET_MS / 2);
});
