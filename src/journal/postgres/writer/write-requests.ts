/** Requests to the writer. */
import type {CallEvent} from '../../call-event.ts';
import type {DialIntent} from '../../dial-intent.ts';
import type {Fence} from '../../fence.ts';

/** A request that shares a transaction with others. */
export type GroupRequest =
  /** The event comes without its parameters, which are JSON already. */
  | {
      readonly kind: 'append';
      readonly event: CallEvent;
      readonly parameters?: string;
      /** The event is written only while this fence is held. */
      readonly fence?: Fence;
    }
  | {readonly kind: 'open-intent'; readonly intent: DialIntent; readonly keysSince: number}
  | {readonly kind: 'reject-intent'; readonly reference: string}
  | {readonly kind: 'probe'};
