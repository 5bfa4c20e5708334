/** Writes the results of look-ups to the journal (J6) while this node holds the lease. */
import {hasEnded} from '@hookswitch/protocol';
import type {Logger} from 'pino';
import type {Clock} from '../../clock.ts';
import type {Lease} from '../../cluster/cluster.ts';
import type {AppendableJournal} from '../../journal/appendable-journal.ts';
import type {CallRecord, StatusEvent} from '../../journal/call-event.ts';
import type {TwilioCall} from '../../twilio/twilio-client.ts';
import {goneEventFrom, statusEventFrom} from './twilio-status-event.ts';

export interface CallCorrectionsOptions {
  readonly journal: AppendableJournal;
  readonly lease: Lease;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface Correction {
  readonly known: CallRecord;
  readonly found: TwilioCall;
}

/** Events written at the same time. A page of a list can have a thousand. */
const BATCH_SIZE = 100;

export class CallCorrections {
  readonly #journal: AppendableJournal;
  readonly #lease: Lease;
  readonly #clock: Clock;
  readonly #logger: Logger;

  constructor({journal, lease, clock, logger}: CallCorrectionsOptions) {
    this.#journal = journal;
    this.#lease = lease;
    this.#clock = clock;
    this.#logger = logger;
  }

  /**
   * Resolves with the SIDs of the calls that were written. Never throws: calls that were not written are
   * found again.
   */
  async write(corrections: readonly Correction[]): Promise<ReadonlySet<string>> {
    const written = new Set<string>();
    for (let at = 0; at < corrections.length; at += BATCH_SIZE) {
      const batch = corrections.slice(at, at + BATCH_SIZE);
      const now = this.#clock.now();
      const events = batch.map(({found}) => statusEventFrom(found, {source: 'reconcile', now}));
      for (const callSid of await this.#append(events)) written.add(callSid);
    }
    for (const {known, found} of corrections)
      if (written.has(known.callSid)) this.#logCorrection(known, found);
    return written;
  }

  /** Ends a call that Twilio does not know. */
  async close(call: CallRecord): Promise<void> {
    this.#logger.error({callSid: call.callSid}, 'Twilio does not know this call; it is recorded as ended');
    await this.#append([goneEventFrom(call, this.#clock.now())]);
  }

  /**
   * Confirms the lease after the look-up, and the journal checks its fence when it writes. A node that was
   * paused since the look-up may have lost the lease to another node and must not write.
   */
  async #append(events: readonly StatusEvent[]): Promise<readonly string[]> {
    const fence = await this.#lease.confirm();
    const results =
      fence === undefined
        ? []
        : await Promise.allSettled(events.map((event) => this.#journal.appendFenced(event, fence)));
    const failure = results.find((result) => result.status === 'rejected');
    if (failure !== undefined) {
      const {callSid} = events[results.indexOf(failure)] ?? {};
      const calls = results.filter(({status}) => status === 'rejected').length;
      this.#logger.warn(
        {err: failure.reason, callSid, calls},
        'could not reconcile calls: the journal did not accept the correction',
      );
    }
    const isWritten = (at: number) => {
      const result = results[at];
      return result?.status === 'fulfilled' && result.value.kind === 'appended';
    };
    const written = events.filter((_, at) => isWritten(at)).map(({callSid}) => callSid);
    const stale = results.some((result) => result.status === 'fulfilled' && result.value.kind !== 'appended');
    if (fence === undefined || stale) {
      this.#logger.warn(
        {callSid: events[0]?.callSid, calls: events.length - written.length},
        'discarded the result of a look-up: another node has taken over',
      );
    }
    return written;
  }

  #logCorrection({callSid, providerStatus: was}: CallRecord, {providerStatus: is}: TwilioCall): void {
    this.#logger.info(
      {callSid, was, is},
      hasEnded(is) ? 'reconciled: the call had ended' : 'reconciled: the status of the call had changed',
    );
  }
}
