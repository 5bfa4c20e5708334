/** The only file that controls the process: signals, fatal errors, exit. */
import {setTimeout} from 'node:timers/promises';
import type {Logger} from 'pino';

/** One Ctrl-C can arrive twice: from the terminal, and from npm, which forwards the signal. */
const SAME_SIGNAL_MS = 1000;

/**
 * Minimum lifetime after a SIGINT, because a second copy of the signal during the exit would kill the
 * process.
 */
const COPY_COMES_WITHIN_MS = 250;

/**
 * SIGINT and SIGTERM start a drain. A second signal exits at once, and so does the deadline, because a drain
 * that is stuck must not keep the process alive. Resolves with the exit code.
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
    logger.info({signal}, 'shutting down');
    globalThis.setTimeout(() => process.exit(1), deadlineMs()).unref();
    const stays = signal === 'SIGINT' ? setTimeout(COPY_COMES_WITHIN_MS) : undefined;
    Promise.all([drain(), stays])
      .then(() => {
        logger.info('stopped');
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

/**
 * An uncaught error leaves an unknown state, so it is logged and ends the process. The journal stays
 * consistent.
 */
export function exitOnUncaught(logger: Logger): void {
  const onFault = (error: unknown) => {
    logger.fatal({err: error}, 'uncaught error');
    process.exit(1);
  };
  process.on('uncaughtException', onFault);
  process.on('unhandledRejection', onFault);
}
