/** A gateway with one broken promise, made by edits of source files while they are loaded. */
import type {ViolationKind} from '../history/history.ts';

export interface Mutant {
  readonly name: string;
  /** A short description for the table. */
  readonly description: string;
  /** Each `find` text must occur exactly once in its file. */
  readonly edits: readonly {readonly file: string; readonly find: string; readonly replace: string}[];
  readonly fault: string;
  /** The kinds of violation that prove the mutant. */
  readonly caughtBy: readonly ViolationKind[];
}
