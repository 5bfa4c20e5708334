/** Utterances that are remembered until a Gather or Record listens. */
const MAX_PENDING = 100;

/** The speech of the far end: scripted utterances, one for each time they are waited for, and ones spoken on demand. */
export class Voice {
  readonly #script: string[];
  #pending: string[] = [];
  #waiting: (() => void) | null = null;

  constructor(script: readonly string[]) {
    this.#script = [...script];
  }

  /** Says something now. */
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

  /** Lets the script say its next entry, if it has one. */
  playScript(): void {
    const entry = this.#script.shift();
    if (entry !== undefined) this.say(entry);
  }

  /** Takes the oldest utterance that nobody has listened to, or null. */
  take(): string | null {
    return this.#pending.shift() ?? null;
  }

  /** Calls back at the next utterance; the latest listener replaces the one before. */
  onSpeak(listener: (() => void) | null): void {
    this.#waiting = listener;
  }
}
