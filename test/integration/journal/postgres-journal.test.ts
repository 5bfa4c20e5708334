import {describeJournal} from '../../support/journal/journal-contract.ts';
import {describeForgottenCalls} from '../../support/journal/journal-contract-forgotten.ts';
import {openPostgresFixture} from '../../support/journal/journal-postgres-fixture.ts';

describeJournal('PostgresJournal', () => openPostgresFixture());
describeForgottenCalls('PostgresJournal', () => openPostgresFixture());
