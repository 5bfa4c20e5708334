/** `npm start`: the gateway against Twilio, from the environment. */
import {describeEnvironment, environmentTable, warnings} from '../config/documentation.ts';
import {type Environment, EnvironmentError, formatFaults, loadEnvironment} from '../config/environment.ts';
import {createLogger} from '../observability/logger.ts';
import {createServer, type Listening} from '../server.ts';
import {exitOnUncaught, runUntilSignal} from './run-until-signal.ts';
import {secretsOf} from './secrets.ts';

/** In a container it may be meant so, so that it is no reason to refuse. */
const ROOT_WARNING =
  'running as root: nothing here needs that. Run it as a user of its own, who owns the folder of DATABASE_URL.';

/** Beyond the drain, for the journal to be closed. */
const LAST_WRITE_MS = 2500;

export async function start(argv: readonly string[]): Promise<number> {
  if (argv.includes('--help') || argv.includes('-h')) {
    process.stdout.write(help());
    return 0;
  }
  // Database, write-ahead log and key hold what is nobody else's business; nobody else on this machine may read them.
  process.umask(0o077);
  const environment = readEnvironment();
  if (environment === undefined) return 1;
  const logger = createLogger({level: environment.logLevel, secrets: secretsOf(environment)});
  exitOnUncaught(logger);
  const server = createServer({environment, logger});
  // Before anything is said or done: a signal that comes meanwhile must not end the process half way.
  const ended = runUntilSignal(
    () => server.drain(),
    logger,
    () => server.longestDrainMs + LAST_WRITE_MS,
  );
  logger.info(describeEnvironment(environment), 'configuration');
  for (const warning of warnings(environment)) logger.warn(warning);
  if (process.getuid?.() === 0) logger.warn(ROOT_WARNING);
  try {
    const listening = await server.start();
    logger.info({port: listening.port, publicUrl: environment.publicUrl}, 'listening');
    announceAccessKey(listening, (message) => logger.info(message));
  } catch (error) {
    process.stderr.write(`Hookswitch cannot start: ${describe(error, environment)}\n`);
    return 1;
  }
  return ended;
}

function readEnvironment(): Environment | undefined {
  try {
    return loadEnvironment();
  } catch (error) {
    if (!(error instanceof EnvironmentError)) throw error;
    process.stderr.write(formatFaults(error));
    return undefined;
  }
}

/** A person at a terminal is shown the key; a log that others read gets the place where it is kept. */
function announceAccessKey({url, accessKey}: Listening, log: (message: string) => void): void {
  if (process.stdout.isTTY) process.stdout.write(`\n  ${url}/#key=${accessKey.key}\n\n`);
  else if (accessKey.file !== undefined) log(`the access key is in ${accessKey.file}`);
}

function describe(error: unknown, {port}: Environment): string {
  const {code, syscall, message} = error as NodeJS.ErrnoException;
  if (code === 'EADDRINUSE')
    return `port ${port} is taken. Stop what listens there, or set PORT to another one.`;
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND')
    return 'HOST is no address of this machine. Unset it to listen on all of them.';
  if (code === 'EACCES' && syscall === 'listen')
    return `port ${port} may not be used by this user. Set PORT to one above 1023.`;
  return message;
}

function help(): string {
  const rows = environmentTable().map(
    ({variable, default: fallback, meaning}) =>
      `  ${variable}\n      ${meaning}\n      Default: ${fallback}\n`,
  );
  return `Usage: npm start\n\nRuns the gateway. Configuration comes from the environment, and from .env if there is one:\n\n${rows.join('\n')}`;
}
