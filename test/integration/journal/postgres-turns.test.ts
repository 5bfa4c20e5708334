/**
 * The journal's contract for two and three Postgres nodes that take turns: one node writes and another one
 * answers.
 */
import {describeJournal} from '../../support/journal/journal-contract.ts';
import {describeTrimmedCalls} from '../../support/journal/journal-contract-trimmed.ts';
import {openPostgresFixture} from '../../support/journal/journal-postgres-fixture.ts';

for (const count of [2, 3]) {
  describeJournal(`PostgresJournal of ${count} nodes`, () => openPostgresFixture(count));
  describeTrimmedCalls(`PostgresJournal of ${count} nodes`, () => openPostgresFixture(count));
}
