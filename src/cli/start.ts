/** `npm start`: the gateway against Twilio, from the environment. */
import {describeEnvironment, environmentTable, warnings} from '../config/documentation.ts';
import {type Environment, EnvironmentError, formatFaults, loadEnvironment} from '../config/environment.ts';
import {createLogger} from '../observability/logger.ts';
import {createServer, type Listening} from '../server.ts';
import {exitOnUncaught, runUntilSignal} from './run-until-signal.ts';
import {secretsOf} from './secrets.ts';

/** Only a warning, because a container may run as root on purpose. */
const ROOT_WARNING =
  'running as root, which Hookswitch does not need. Use a dedicated user that owns the folder of DATABASE_URL.';

/** Time after the drain for closing the journal. */
const LAST_WRITE_MS = 2500;

export async function start(argv: readonly string[]): Promise<number> {
  if (argv.includes('--help') || argv.includes('-h')) {
    process.stdout.write(help());
    return 0;
  }
  // The database, the write-ahead log and the key are private, so no other user of this machine may read
  // them.
  process.umask(0o077);
  const environment = readEnvironment();
  if (environment === undefined) return 1;
  const logger = createLogger({level: environment.logLevel, secrets: secretsOf(environment)});
  exitOnUncaught(logger);
  const server = createServer({environment, logger});
  // Installed before anything starts, so that a signal during the start does not end the process half way.
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

/** Shows the key to a person at a terminal. A log, which others may read, gets only the path of its file. */
function announceAccessKey({url, accessKey}: Listening, log: (message: string) => void): void {
  if (process.stdout.isTTY) process.stdout.write(`\n  ${url}/#key=${accessKey.key}\n\n`);
  else if (accessKey.file !== undefined) log(`the access key is in ${accessKey.file}`);
}

function describe(error: unknown, {port}: Environment): string {
  const {code, syscall, message} = error as NodeJS.ErrnoException;
  if (code === 'EADDRINUSE')
    return `port ${port} is taken. Stop what listens there, or set PORT to another one.`;
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND')
    return 'HOST is not an address of this machine. Unset it to listen on all addresses.';
  if (code === 'EACCES' && syscall === 'listen')
    return `this user may not listen on port ${port}. Set PORT to a port above 1023.`;
  return message;
}

function help(): string {
  const rows = environmentTable().map(
    ({variable, default: fallback, meaning}) =>
      `  ${variable}\n      ${meaning}\n      Default: ${fallback}\n`,
  );
  return `Usage: npm start\n\nRuns the gateway. The configuration comes from the environment, and from .env if it exists:\n\n${rows.join('\n')}`;
}
