/**
 * The active shortcuts. Screens register theirs while they are mounted. The newest wins, so that a screen can
 * override a key. The help sheet, the palette and the hints use the same list.
 */

export interface Shortcut {
  /**
   * One key as in `KeyboardEvent.key`, two keys separated by a space (`g c`), or `mod+k`: ⌘ on a Mac, Ctrl
   * elsewhere.
   */
  readonly keys: string;
  /** Starts with a verb: “Hang up the selected call”. */
  readonly label: string;
  /** Heading in the help sheet. */
  readonly group: string;
  readonly handler: () => void;
  /** Also listed in the palette; `false` for commands that only make sense as a key, such as “next”. */
  readonly inPalette: boolean;
}

/** The part of a keyboard event that matters here. */
export interface KeyPress {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
  /** The kind of element that has the focus. */
  readonly target: 'editable' | 'dialog' | 'control' | 'page';
  /** Milliseconds. */
  readonly at: number;
}

/** Longest pause within a sequence. */
const SEQUENCE_MS = 1200;

/** Buttons and links handle these keys themselves. */
const CONTROL_KEYS = new Set(['Enter', ' ']);

export interface ShortcutsSnapshot {
  readonly shortcuts: readonly Shortcut[];
  /** The first key of a sequence that waits for its second. */
  readonly prefix: string | undefined;
  /** Whether keys without ⌘ or Ctrl work. Users of speech input can turn them off (WCAG 2.1.4). */
  readonly enabled: boolean;
}

export class ShortcutRegistry {
  readonly #shortcuts = new Set<Shortcut>();
  readonly #listeners = new Set<() => void>();
  #enabled: boolean;
  #prefix: {readonly key: string; readonly at: number} | undefined;
  #snapshot: ShortcutsSnapshot;

  constructor({enabled = true}: {readonly enabled?: boolean} = {}) {
    this.#enabled = enabled;
    this.#snapshot = {shortcuts: [], prefix: undefined, enabled};
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly getSnapshot = (): ShortcutsSnapshot => this.#snapshot;

  /** Returns a function that removes the shortcut. */
  add(shortcut: Shortcut): () => void {
    this.#shortcuts.add(shortcut);
    this.#changed();
    return () => {
      this.#shortcuts.delete(shortcut);
      this.#changed();
    };
  }

  setEnabled(enabled: boolean): void {
    this.#enabled = enabled;
    this.#prefix = undefined;
    this.#changed();
  }

  /** Runs the shortcut of the key; returns `false` if there is none. */
  handle(press: KeyPress): boolean {
    const found = this.#find(press);
    if (found === undefined) return false;
    found.handler();
    return true;
  }

  /** Clears the prefix when the time for a second key is over. */
  expire(at: number): void {
    if (this.#prefix !== undefined && at - this.#prefix.at >= SEQUENCE_MS) this.#setPrefix(undefined);
  }

  #find({key, ctrlKey, metaKey, altKey, target, at}: KeyPress): Shortcut | undefined {
    if (altKey) return undefined;
    if (ctrlKey || metaKey) return this.#byKeys(`mod+${key.toLowerCase()}`);
    if (!this.#enabled || target === 'editable' || target === 'dialog') return undefined;
    if (target === 'control' && CONTROL_KEYS.has(key)) return undefined;
    const prefix = this.#prefix;
    this.#setPrefix(undefined);
    const second =
      prefix !== undefined && at - prefix.at < SEQUENCE_MS ? this.#byKeys(`${prefix.key} ${key}`) : undefined;
    if (second !== undefined) return second;
    const single = this.#byKeys(key);
    if (single === undefined && this.#beginsSequence(key)) this.#setPrefix({key, at});
    return single;
  }

  #byKeys(keys: string): Shortcut | undefined {
    return [...this.#shortcuts].findLast((shortcut) => shortcut.keys === keys);
  }

  #beginsSequence(key: string): boolean {
    return [...this.#shortcuts].some((shortcut) => shortcut.keys.startsWith(`${key} `));
  }

  #setPrefix(prefix: {readonly key: string; readonly at: number} | undefined): void {
    if (prefix === this.#prefix) return;
    this.#prefix = prefix;
    this.#changed();
  }

  #changed(): void {
    // An overridden key is listed once, with its current meaning.
    const current = [...this.#shortcuts].filter((shortcut) => this.#byKeys(shortcut.keys) === shortcut);
    this.#snapshot = {shortcuts: current, prefix: this.#prefix?.key, enabled: this.#enabled};
    for (const listener of this.#listeners) listener();
  }
}
