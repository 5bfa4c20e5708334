/** The parts of a server as one ordered list: started forward, stopped in reverse. */

export interface Part {
  /** For the error of a part that does not start or stop. */
  readonly name: string;
  /** Called once, after all earlier parts have started. */
  readonly start?: () => void | Promise<void>;
  /**
   * Called once, before the earlier parts stop, also when the part was never started: a start that failed
   * halfway is cleaned up by the same call.
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

  /** Resolves when a start under way has ended, well or not. Half a start cannot be stopped. */
  async started(): Promise<void> {
    await this.#starting?.catch(() => {});
  }

  /** Waits for a start under way, then stops the parts in reverse. Idempotent. */
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

  /** One part that fails to stop does not keep the others from stopping. */
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
