/** Repeats rounds within a time budget: a busy machine gets fewer rounds, not a longer run. */

export interface RoundsOptions {
  readonly most: number;
  /** Seconds after which no new round starts. */
  readonly budgetS: number;
}

/** A median needs three rounds. */
const FEWEST = 3;

/** Calls `round` with 1, 2, …. Resolves with the number of rounds. */
export async function inRounds(
  {most, budgetS}: RoundsOptions,
  round: (number: number) => Promise<void>,
): Promise<number> {
  const endAt = performance.now() + budgetS * 1000;
  let done = 0;
  while (done < most && (done < FEWEST || performance.now() < endAt)) {
    await round(done + 1);
    done += 1;
  }
  return done;
}
