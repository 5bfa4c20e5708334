/** A gateway with one promise broken, as edits of sources that are made while they are loaded. */
import type {ViolationKind} from '../history/history.ts';

export interface Mutant {
  readonly name: string;
  /** What it does wrong. */
  readonly what: string;
  /** Each text has to be in its file exactly once. */
  readonly edits: readonly {readonly file: string; readonly find: string; readonly replace: string}[];
  readonly fault: string;
  /** What it is found by. */
  readonly caughtBy: readonly ViolationKind[];
}
