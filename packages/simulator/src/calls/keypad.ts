/** How many keys are buffered until a verb listens. */
const MAX_BUFFER = 1000;

/**
 * The keys of the far end: scripted entries, one for each time a verb waits for keys, and keys pressed on
 * demand.
 */
export class Keypad {
  readonly #script: string[];
  #buffer = '';
  #waiting: (() => void) | null = null;

  constructor(script: readonly string[]) {
    this.#script = [...script];
  }

  /** Presses keys now. */
  press(keys: string): void {
    this.#buffer = (this.#buffer + keys).slice(-MAX_BUFFER);
    this.#waiting?.();
  }

  get hasPending(): boolean {
    return this.#buffer !== '';
  }

  get hasScript(): boolean {
    return this.#script.length > 0;
  }

  /** Presses the next entry of the script, if there is one. */
  playScript(): void {
    const entry = this.#script.shift();
    if (entry !== undefined) this.press(entry);
  }

  /** Takes the next pressed key, or null. */
  take(): string | null {
    const key = this.#buffer[0];
    this.#buffer = this.#buffer.slice(1);
    return key ?? null;
  }

  /** Calls the listener at the next key. A new listener replaces the previous one. */
  onPress(listener: (() => void) | null): void {
    this.#waiting = listener;
  }
}
