/** What the node that looks silent calls up has found: a look-up that changes nothing leaves no entry for the others to read. */
import type {Offset} from '../journal/call-event.ts';

export interface Confirmation {
  readonly callSid: string;
  /** The last entry of the call when it was looked up. */
  readonly offset: Offset;
  /** Milliseconds from now on for which its state counts as confirmed. */
  readonly forMs: number;
}

export interface Confirmations {
  /** Tells the other nodes. Never throws: other nodes show a call whose confirmation is lost as unconfirmed. */
  note(confirmations: readonly Confirmation[]): void;
  /** Those that still count. @throws JournalUnavailableError */
  list(): Promise<readonly Confirmation[]>;
}
