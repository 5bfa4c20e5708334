import {describeJournal} from '../../support/journal/journal-contract.ts';
import {describeTrimmedCalls} from '../../support/journal/journal-contract-trimmed.ts';
import {openPostgresFixture} from '../../support/journal/journal-postgres-fixture.ts';

describeJournal('PostgresJournal', () => openPostgresFixture());
describeTrimmedCalls('PostgresJournal', () => openPostgresFixture());
