/** All checks of the doctor in display order: the most basic requirements come first. */
import type {Check} from './check.ts';
import {type ClockCheckOptions, clockCheck} from './clock.ts';
import {type CredentialsCheckOptions, credentialsCheck} from './credentials.ts';
import {type JournalCheckOptions, journalCheck} from './journal.ts';
import {type NumberCheckOptions, numberCheck} from './number.ts';
import {type OriginsCheckOptions, originsCheck} from './origins.ts';
import {type PublicUrlCheckOptions, publicUrlCheck} from './public-url.ts';
import {type PublicWebsocketCheckOptions, publicWebsocketCheck} from './public-websocket.ts';

export type ChecksOptions = CredentialsCheckOptions &
  NumberCheckOptions &
  PublicUrlCheckOptions &
  PublicWebsocketCheckOptions &
  OriginsCheckOptions &
  ClockCheckOptions &
  JournalCheckOptions;

export function createChecks(options: ChecksOptions): readonly Check[] {
  return [
    credentialsCheck(options),
    numberCheck(options),
    publicUrlCheck(options),
    publicWebsocketCheck(options),
    originsCheck(options),
    clockCheck(options),
    journalCheck(options),
  ];
}
