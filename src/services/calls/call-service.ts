/** Placing and ending calls, with authorization. */
import {randomUUID} from 'node:crypto';
import {hasEnded} from '@hookswitch/protocol';
import {mayControl, maySee, type Principal} from '../../auth/authenticator.ts';
import {AppError} from '../../errors/app-error.ts';
import type {LiveFeed} from '../feed/live-feed.ts';
import {CallPlacement, type CallPlacementOptions, type PlaceCall, type PlacedCall} from './call-placement.ts';
import type {HangUp} from './hang-up.ts';

export interface CallServiceOptions extends CallPlacementOptions {
  readonly feed: LiveFeed;
  readonly hangUp: HangUp;
}

export class CallService {
  readonly #options: CallServiceOptions;
  readonly #placement: CallPlacement;

  constructor(options: CallServiceOptions) {
    this.#options = options;
    this.#placement = new CallPlacement(options);
  }

  /** Must finish before the journal is closed. */
  stop(): Promise<void> {
    return this.#placement.stop();
  }

  /** Places a call, or returns the call that this key placed; see {@link CallPlacement.place}. */
  place(principal: Principal, request: PlaceCall, idempotencyKey?: string): Promise<PlacedCall> {
    return this.#placement.place(principal, request, idempotencyKey);
  }

  /**
   * Ends a call. @throws AppError `call_not_found`, `forbidden`, `call_ended`, `provider_error`
   */
  async disconnect(principal: Principal, callSid: string): Promise<void> {
    const {feed, journal, hangUp} = this.#options;
    const call = feed.activeCall(callSid) ?? (await journal.findCall(callSid));
    if (call === undefined || !maySee(principal, call.owner)) throw callNotFound(callSid);
    if (!mayControl(principal, call.owner)) {
      throw new AppError('forbidden', 'This token may not end this call.', {context: {callSid}});
    }
    if (hasEnded(call.providerStatus)) {
      throw new AppError('call_ended', 'This call has ended.', {
        context: {callSid, providerStatus: call.providerStatus},
      });
    }
    this.#recordCommand(principal, callSid);
    await hangUp.end(call);
  }

  /** Only for the record: hanging up must not depend on the disk. */
  #recordCommand({user}: Principal, callSid: string): void {
    const {journal, clock, logger} = this.#options;
    const now = clock.now();
    journal
      .append({
        kind: 'command',
        source: 'api',
        action: 'disconnect',
        callSid,
        user,
        dedupeKey: `command:${callSid}:${randomUUID()}`,
        happenedAt: now,
        receivedAt: now,
      })
      .catch((error: unknown) => logger.warn({err: error, callSid}, 'could not record a command'));
  }
}

/**
 * The same error for a missing call and for another user's call, so that a client cannot tell the difference.
 */
export function callNotFound(callSid: string): AppError {
  return new AppError('call_not_found', 'There is no such call.', {context: {callSid}});
}
