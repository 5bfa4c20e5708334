import {describeJournal} from '../../support/journal-contract.ts';
import {describeForgottenCalls} from '../../support/journal-contract-forgotten.ts';
import {openPostgresFixture} from '../../support/journal-postgres-fixture.ts';

describeJournal('PostgresJournal', () => openPostgresFixture());
describeForgottenCalls('PostgresJournal', () => openPostgresFixture());
