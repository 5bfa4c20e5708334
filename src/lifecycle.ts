/** An ordered list of the parts of a server. They start forward and stop in reverse. */

export interface Part {
  /** Appears in the error if the part fails to stop. */
  readonly name: string;
  /** Called once, after all earlier parts have started. */
  readonly start?: () => void | Promise<void>;
  /**
   * Called once, before the earlier parts stop. Called even if the part was never started, so that it also cleans up
   * after a failed start.
   */
  readonly stop?: () => void | Promise<void>;
}

export class Lifecycle {
  readonly #parts: readonly Part[];
  #starting: Promise<void> | undefined;
  #stopping: Promise<void> | undefined;

  constructor(parts: readonly Part[]) {
    this.#parts = parts;
  }

  /**
   * Starts the parts in order. Idempotent.
   * @throws the error of the first part that fails, after all parts have been stopped
   */
  start(): Promise<void> {
    this.#starting ??= this.#start();
    return this.#starting;
  }

  /** Resolves once a start in progress has ended or failed, because a partial start cannot be stopped. */
  async started(): Promise<void> {
    await this.#starting?.catch(() => {});
  }

  /** Waits for a start in progress, then stops the parts in reverse. Idempotent. */
  async stop(): Promise<void> {
    await this.started();
    await this.#stopOnce();
  }

  async #start(): Promise<void> {
    try {
      for (const part of this.#parts) await part.start?.();
    } catch (error) {
      await this.#stopOnce();
      throw error;
    }
  }

  #stopOnce(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  /** Stops all parts, even if one of them fails to stop. */
  async #stop(): Promise<void> {
    const faults: Error[] = [];
    for (const {name, stop} of this.#parts.toReversed()) {
      try {
        await stop?.();
      } catch (error) {
        faults.push(new Error(`${name} did not stop`, {cause: error}));
      }
    }
    if (faults.length > 0) throw new AggregateError(faults, 'some parts did not stop');
  }
}
