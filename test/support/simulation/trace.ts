/** A readable log of a simulation, for failures. */
export class Trace {
  readonly #lines: {readonly subject: string; readonly text: string}[] = [];
  readonly #startedAt = performance.now();

  add(subject: string, text: string): void {
    const seconds = ((performance.now() - this.#startedAt) / 1000).toFixed(3);
    this.#lines.push({subject, text: `${seconds.padStart(7)} ${subject}: ${text}`});
  }

  /** The last lines about a subject and about the gateway. */
  about(subject: string, limit = 80): string {
    return this.#lines
      .filter((line) => line.subject === 'gateway' || line.subject === subject)
      .slice(-limit)
      .map(({text}) => text)
      .join('\n');
  }
}

/** A violated rule. */
export class Violation extends Error {
  override readonly name = 'Violation';
  /** Subject of the trace that explains it. */
  readonly subject: string;

  constructor(subject: string, message: string) {
    super(message);
    this.subject = subject;
  }
}

/** @throws Violation unless `holds` */
export function must(holds: boolean, subject: string, message: string | (() => string)): asserts holds {
  if (!holds) throw new Violation(subject, typeof message === 'string' ? message : message());
}
