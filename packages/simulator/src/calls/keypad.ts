/** Keys that are remembered until something listens. */
const MAX_BUFFER = 1000;

/** Keys the far end presses: scripted ones, an entry for each time they are waited for, and ones pressed on demand. */
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

  /** Lets the script press its next entry, if it has one. */
  playScript(): void {
    const entry = this.#script.shift();
    if (entry !== undefined) this.press(entry);
  }

  /** Takes one key that has been pressed, or null. */
  take(): string | null {
    const key = this.#buffer[0];
    this.#buffer = this.#buffer.slice(1);
    return key ?? null;
  }

  /** Calls back at the next key; the latest listener replaces the one before. */
  onPress(listener: (() => void) | null): void {
    this.#waiting = listener;
  }
}
