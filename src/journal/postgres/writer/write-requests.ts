/** What is asked of the writer. */
import type {CallEvent} from '../../call-event.ts';
import type {DialIntent} from '../../dial-intent.ts';
import type {Fence} from '../../fence.ts';

/** Becomes part of a transaction, together with its neighbours. */
export type GroupRequest =
  /** The event without its parameters, which are JSON already. */
  | {
      readonly kind: 'append';
      readonly event: CallEvent;
      readonly parameters?: string;
      /** It is written only under this. */
      readonly fence?: Fence;
    }
  | {readonly kind: 'open-intent'; readonly intent: DialIntent; readonly keysSince: number}
  | {readonly kind: 'reject-intent'; readonly reference: string}
  | {readonly kind: 'probe'};
