import {describeJournal} from '../../support/journal-contract.ts';
import {openSqliteFixture} from '../../support/journal-sqlite-fixture.ts';

describeJournal('SqliteJournal', () => openSqliteFixture());
