/** The only file that owns the process: its signals, its last words, its exit. */
import {setTimeout} from 'node:timers/promises';
import type {Logger} from 'pino';

/** One Ctrl-C can come twice: from the terminal, and from npm, which passes on what the terminal has sent us already. */
const SAME_SIGNAL_MS = 1000;

/** So long a process that was interrupted stays at least: a copy that comes while it ends would kill it. */
const COPY_COMES_WITHIN_MS = 250;

/**
 * SIGINT and SIGTERM drain; a second one ends at once, and so does the deadline, since a drain that is stuck must not keep
 * the process. Resolves with the exit code.
 */
export function runUntilSignal(
  drain: () => Promise<void>,
  logger: Logger,
  deadlineMs: () => number,
): Promise<number> {
  const {promise, resolve} = Promise.withResolvers<number>();
  let drainingSince: number | undefined;
  const onSignal = (signal: NodeJS.Signals) => {
    if (drainingSince !== undefined) {
      if (performance.now() - drainingSince > SAME_SIGNAL_MS) process.exit(1);
      return;
    }
    drainingSince = performance.now();
    logger.info({signal}, 'going away');
    globalThis.setTimeout(() => process.exit(1), deadlineMs()).unref();
    const stays = signal === 'SIGINT' ? setTimeout(COPY_COMES_WITHIN_MS) : undefined;
    Promise.all([drain(), stays])
      .then(() => {
        logger.info('gone');
        resolve(0);
      })
      .catch((error: unknown) => {
        logger.error({err: error}, 'drain failed');
        resolve(1);
      });
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  return promise;
}

/** A fault nobody caught leaves an unknown state behind: it is logged and ends the process; the journal is safe. */
export function exitOnUncaught(logger: Logger): void {
  const onFault = (error: unknown) => {
    logger.fatal({err: error}, 'uncaught error');
    process.exit(1);
  };
  process.on('uncaughtException', onFault);
  process.on('unhandledRejection', onFault);
}
