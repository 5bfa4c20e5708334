/** A benchmark measures the gateway and its peers in the same run. */
import type {Section} from './report/section.ts';
import type {Servers} from './servers/servers.ts';

export interface Benchmark {
  /** Name for `--only`. */
  readonly name: string;
  /** Seconds after which the run is aborted. */
  readonly deadlineS: number;
  /** Expected seconds on an idle machine. */
  readonly estimateS: number;
  /** Whether it needs the dependencies of `bench/package.json`. */
  readonly peers?: boolean;
  /** Whether it has a short form that yields ratios (`--quick`). */
  readonly quick?: boolean;
  readonly run: (context: BenchmarkContext) => Promise<Section>;
}

/** Everything that a benchmark needs to run. */
export interface BenchmarkContext {
  readonly servers: Servers;
  /** Fewer and shorter rounds: ratios only. */
  readonly quick: boolean;
  /** Prints a progress line. */
  readonly progress: (line: string) => void;
}
