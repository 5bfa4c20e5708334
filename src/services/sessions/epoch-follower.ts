/**
 * What this node does when another history of the journal begins beneath it: everything that was read of the one before is
 * dropped, and every session is told to come back, since only a snapshot can tell it where it stands. Until the new history
 * could be read the sessions stay as they are: they are told nothing, and nothing wrong.
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

  /** The history that sessions are served from. */
  get opening(): JournalOpening {
    return this.#opening;
  }

  /** Begins with the journal as it was opened. */
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
      'another history of the journal has begun; sessions are told to come back',
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
        // In one turn: whoever opens a session sees either both as they were, or both as they are now.
        await this.#options.feed.restart(() => {
          this.#opening = next;
          this.#options.sessions.closeAll();
        });
        if (this.#next === next) this.#next = undefined;
      }
    } catch (error) {
      this.#options.logger.warn(
        {err: error},
        'the new history of the journal could not be read; trying again',
      );
      this.#cancelRetry = this.#options.clock.after(RETRY_MS, () => void this.#adopt());
    } finally {
      this.#adopting = false;
    }
  }
}
