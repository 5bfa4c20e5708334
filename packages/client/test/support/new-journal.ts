/** Replaces the gateway's journal, as after restoring a backup. */
import {globSync, rmSync} from 'node:fs';
import type {TestGateway} from '../../../../test/support/gateway/gateway.ts';

/** Restarts the gateway with an empty journal and therefore a new epoch. */
export async function restartOnNewJournal(gateway: TestGateway): Promise<void> {
  // The running gateway continues to write to the deleted files.
  for (const file of globSync(`${gateway.databaseFile}*`)) rmSync(file);
  await gateway.restart();
}
