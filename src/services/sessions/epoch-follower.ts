/**
 * Switches this node to a new epoch of the journal: drops everything read from the previous epoch and closes
 * every session, because only a snapshot can show a client its new state. Until the new epoch has been read,
 * the sessions stay as they are and get no messages.
 */
import type {Logger} from 'pino';
import type {CancelTimer, Clock} from '../../clock.ts';
import type {FollowableJournal, JournalOpening, Unsubscribe} from '../../journal/followable-journal.ts';
import type {LiveFeed} from '../feed/live-feed.ts';
import type {SessionService} from '../session-service.ts';

export interface EpochFollowerOptions {
  readonly journal: FollowableJournal;
  readonly feed: LiveFeed;
  readonly sessions: Pick<SessionService, 'closeAll'>;
  readonly clock: Clock;
  readonly logger: Logger;
}

const RETRY_MS = 1000;

export class EpochFollower {
  readonly #options: EpochFollowerOptions;
  #opening: JournalOpening = {epoch: '', head: 0};
  #next: JournalOpening | undefined;
  #adopting = false;
  #stopped = false;
  #unsubscribe: Unsubscribe | undefined;
  #cancelRetry: CancelTimer | undefined;

  constructor(options: EpochFollowerOptions) {
    this.#options = options;
  }

  /** The epoch that sessions are served from. */
  get opening(): JournalOpening {
    return this.#opening;
  }

  /** Starts with the journal as it was opened. */
  start(opening: JournalOpening): void {
    this.#opening = opening;
    this.#unsubscribe = this.#options.journal.onEpoch?.((next) => this.#begin(next));
  }

  stop(): void {
    this.#stopped = true;
    this.#unsubscribe?.();
    this.#cancelRetry?.();
  }

  #begin(next: JournalOpening): void {
    this.#options.logger.error(
      {before: this.#opening.epoch, ...next},
      'a new epoch of the journal has begun; closing all sessions so that they reconnect',
    );
    this.#next = next;
    void this.#adopt();
  }

  async #adopt(): Promise<void> {
    if (this.#adopting) return;
    this.#adopting = true;
    try {
      while (this.#next !== undefined && !this.#stopped) {
        const next = this.#next;
        // Both change in one turn, so that a session that opens sees either the old epoch or the new one.
        await this.#options.feed.restart(() => {
          this.#opening = next;
          this.#options.sessions.closeAll();
        });
        if (this.#next === next) this.#next = undefined;
      }
    } catch (error) {
      this.#options.logger.warn({err: error}, 'could not read the new epoch of the journal, retrying');
      this.#cancelRetry = this.#options.clock.after(RETRY_MS, () => void this.#adopt());
    } finally {
      this.#adopting = false;
    }
  }
}
