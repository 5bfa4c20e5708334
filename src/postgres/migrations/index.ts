/** All migrations of the schema, in order. */
import {journalTables} from './0001-journal.ts';
import {clusterTables} from './0002-cluster.ts';
import {confirmationTable} from './0003-confirmations.ts';
import type {Migration} from './migration.ts';

export const migrations: readonly Migration[] = [journalTables, clusterTables, confirmationTable];
