/** How many utterances are buffered until a Gather or Record listens. */
const MAX_PENDING = 100;

/**
 * The speech of the far end: scripted utterances, one for each time a verb waits for speech, and speech on
 * demand.
 */
export class Voice {
  readonly #script: string[];
  #pending: string[] = [];
  #waiting: (() => void) | null = null;

  constructor(script: readonly string[]) {
    this.#script = [...script];
  }

  /** Speaks now. */
  say(text: string): void {
    this.#pending = [...this.#pending, text].slice(-MAX_PENDING);
    this.#waiting?.();
  }

  get hasScript(): boolean {
    return this.#script.length > 0;
  }

  get hasPending(): boolean {
    return this.#pending.length > 0;
  }

  /** Speaks the next entry of the script, if there is one. */
  playScript(): void {
    const entry = this.#script.shift();
    if (entry !== undefined) this.say(entry);
  }

  /** Takes the oldest unheard utterance, or null. */
  take(): string | null {
    return this.#pending.shift() ?? null;
  }

  /** Calls the listener at the next utterance. A new listener replaces the previous one. */
  onSpeak(listener: (() => void) | null): void {
    this.#waiting = listener;
  }
}
