/**
 * The journal's contract, kept by two and by three nodes of one Postgres that take turns: what one has written another one is
 * asked for.
 */
import {describeJournal} from '../../support/journal/journal-contract.ts';
import {describeTrimmedCalls} from '../../support/journal/journal-contract-trimmed.ts';
import {openPostgresFixture} from '../../support/journal/journal-postgres-fixture.ts';

for (const count of [2, 3]) {
  describeJournal(`PostgresJournal of ${count} nodes`, () => openPostgresFixture(count));
  describeTrimmedCalls(`PostgresJournal of ${count} nodes`, () => openPostgresFixture(count));
}
