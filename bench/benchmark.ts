/** What a benchmark is: one question, asked of the gateway and of its peers in the same run. */
import type {Section} from './report/section.ts';
import type {Servers} from './servers/servers.ts';

export interface Benchmark {
  /** As in `--only`. */
  readonly name: string;
  /** Seconds after which it is given up. */
  readonly deadlineS: number;
  /** Seconds that it takes on a quiet machine. */
  readonly estimateS: number;
  /** Whether it has to do with what only `bench/package.json` brings. */
  readonly peers?: boolean;
  /** Whether it has a short form that yields ratios. */
  readonly quick?: boolean;
  readonly ask: (run: Run) => Promise<Section>;
}

/** What a question gets to work with. */
export interface Run {
  readonly servers: Servers;
  /** Fewer and shorter rounds: ratios only. */
  readonly quick: boolean;
  /** A line for people who wait. */
  readonly progress: (line: string) => void;
}
