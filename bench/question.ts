/** What a benchmark is: one question, asked of the gateway and of a plain peer in the same run. */
import type {Section} from './report/section.ts';
import type {Servers} from './servers/servers.ts';

export interface Question {
  /** As in `--only`. */
  readonly name: string;
  /** Seconds after which it is given up. */
  readonly deadlineS: number;
  readonly ask: (run: Run) => Promise<Section>;
}

/** What a question gets to work with. */
export interface Run {
  readonly servers: Servers;
  /** A line for people who wait. */
  readonly progress: (line: string) => void;
}
