/**
 * The journal is the only queue of the system. Every event of a call is one entry, and every message to a
 * client is read from the journal. This file is the port. `test/support/journal/journal-contract.ts` checks
 * the promises of its parts for every adapter, and for several nodes that take turns.
 *
 * Adapters implement the whole port. Services and handlers ask only for the parts that they use.
 */
import type {AppendableJournal} from './appendable-journal.ts';
import type {DialIntentStore} from './dial-intent-store.ts';
import type {FollowableJournal} from './followable-journal.ts';
import type {JournalMaintenance} from './journal-maintenance.ts';
import type {QueryableJournal} from './queryable-journal.ts';

export interface Journal
  extends AppendableJournal,
    FollowableJournal,
    QueryableJournal,
    DialIntentStore,
    JournalMaintenance {}
