/** Another journal under the same gateway, as after a backup was put back. */
import {globSync, rmSync} from 'node:fs';
import type {TestGateway} from '../../../../test/support/gateway/gateway.ts';

/** Restarts the gateway on an empty journal: its epoch is another one. */
export async function restartOnNewJournal(gateway: TestGateway): Promise<void> {
  // The running one writes on to files that have no name any more.
  for (const file of globSync(`${gateway.databaseFile}*`)) rmSync(file);
  await gateway.restart();
}
