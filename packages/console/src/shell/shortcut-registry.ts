/**
 * The keys that do something right now. Screens add theirs while they are shown; the newest wins, so that a screen may take
 * a key over. The sheet, the palette and the hints read the same list.
 */

export interface Shortcut {
  /** One key as `KeyboardEvent.key` names it, two with a blank between (`g c`), or `mod+k`: ⌘ on a Mac, Ctrl elsewhere. */
  readonly keys: string;
  /** A verb first: “Hang up the selected call”. */
  readonly label: string;
  /** Heading in the sheet. */
  readonly group: string;
  readonly handler: () => void;
  /** In the palette too; not what only makes sense as a key, such as “next”. */
  readonly inPalette: boolean;
}

/** Of a keyboard event, so much as decides. */
export interface KeyPress {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
  /** Where it went: into a field, into a dialog, onto a button or link, or just somewhere. */
  readonly target: 'editable' | 'dialog' | 'control' | 'page';
  /** Milliseconds. */
  readonly at: number;
}

/** Longest pause within a sequence. */
const SEQUENCE_MS = 1200;

/** A button or link knows what to do with these. */
const CONTROL_KEYS = new Set(['Enter', ' ']);

export interface ShortcutsSnapshot {
  readonly shortcuts: readonly Shortcut[];
  /** First key of a sequence that waits for its second. */
  readonly prefix: string | undefined;
  /** Whether keys without ⌘ or Ctrl do anything: who dictates or leans on keys turns them off (WCAG 2.1.4). */
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

  /** Returns what takes it away again. */
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

  /** Runs what the key stands for; `false` when it stands for nothing, or is somebody else's. */
  handle(press: KeyPress): boolean {
    const found = this.#find(press);
    if (found === undefined) return false;
    found.handler();
    return true;
  }

  /** After the time for a second key is over: the hint goes. */
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
    // A key that was taken over is listed once, as what it does now.
    const current = [...this.#shortcuts].filter((shortcut) => this.#byKeys(shortcut.keys) === shortcut);
    this.#snapshot = {shortcuts: current, prefix: this.#prefix?.key, enabled: this.#enabled};
    for (const listener of this.#listeners) listener();
  }
}
