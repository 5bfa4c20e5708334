import {describeJournal} from '../../support/journal-contract.ts';
import {openPostgresFixture} from '../../support/journal-postgres-fixture.ts';

describeJournal('PostgresJournal', () => openPostgresFixture());
