/** `npm run doctor`: the checks of the health page in a terminal. */
import {readFileSync} from 'node:fs';
import path from 'node:path';
import {parseArgs} from 'node:util';
import type {HealthCheck, HealthReport} from '@hookswitch/protocol';
import {type Environment, EnvironmentError, formatFaults, loadEnvironment} from '../config/environment.ts';
import {databaseFile} from '../journal/open-journal.ts';
import {createLogger} from '../observability/logger.ts';
import {examineAlone} from './doctor-standalone.ts';
import {secretsOf} from './secrets.ts';

const HELP = `Usage: npm run doctor [-- --json]

Checks the credentials, the number and its webhook, PUBLIC_URL from outside over HTTP and WebSocket, the allowed
origins, the clock and the journal. It suggests a fix for each problem and changes nothing. It asks the gateway that
runs on PORT. If no gateway runs, it listens on PORT itself during the checks.

  --json      prints the response of GET /api/health
  --help

Exit code: 0, or 1 if a check failed or could not run. The environment is the same as for npm start.
`;

/** Longer than any run of the checks. */
const TIMEOUT_MS = 30_000;

/** The doctor cannot run. The message is for the user. */
class DoctorError extends Error {
  override readonly name = 'DoctorError';
}

export async function doctor(argv: readonly string[]): Promise<number> {
  const options = readArguments(argv);
  if (options === undefined) return 1;
  if (options.help) {
    process.stdout.write(HELP);
    return 0;
  }
  try {
    const {report, source} = await examine(loadEnvironment());
    process.stdout.write(options.json ? `${JSON.stringify(report, null, 2)}\n` : format(report, source));
    return report.checks.some(({status}) => status === 'failed') ? 1 : 0;
  } catch (error) {
    if (error instanceof EnvironmentError) process.stderr.write(formatFaults(error));
    else process.stderr.write(`The doctor cannot check: ${(error as Error).message}\n`);
    return 1;
  }
}

function readArguments(argv: readonly string[]): {json: boolean; help: boolean} | undefined {
  try {
    const {values} = parseArgs({
      args: [...argv],
      options: {json: {type: 'boolean'}, help: {type: 'boolean', short: 'h'}},
    });
    return {json: values.json === true, help: values.help === true};
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${HELP}`);
    return undefined;
  }
}

async function examine(environment: Environment): Promise<{report: HealthReport; source: string}> {
  const url = localUrl(environment);
  const running = await askRunning(url, environment);
  if (running !== undefined) return {report: running, source: `The gateway at ${url}`};
  const logger = createLogger({level: 'fatal', secrets: secretsOf(environment)});
  try {
    const report = await examineAlone(environment, logger);
    return {report, source: `No gateway runs at ${url}; checked without one`};
  } catch (error) {
    const {code} = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    throw new DoctorError(
      `it needs PORT ${environment.port} for a moment, but the port is not available (${code}).`,
    );
  }
}

/** The local URL of a gateway with this environment. */
function localUrl({host, port}: Environment): string {
  const everywhere = host === undefined || host === '0.0.0.0' || host === '::';
  const name = everywhere ? 'localhost' : host.includes(':') ? `[${host}]` : host;
  return `http://${name}:${port}`;
}

/**
 * The report of the running gateway; `undefined` if nothing listens. @throws DoctorError for any other
 * program
 */
async function askRunning(url: string, environment: Environment): Promise<HealthReport | undefined> {
  const key = findKey(environment);
  const ask = (pathname: string, method: string) =>
    fetch(url + pathname, {
      method,
      headers: key === undefined ? {} : {authorization: `Bearer ${key}`},
      redirect: 'manual',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
  let response: Response;
  try {
    response = await ask('/api/health/checks', 'POST');
    // Another user has just run all checks, so their report is current.
    if (response.status === 429) response = await ask('/api/health', 'GET');
  } catch (error) {
    if (isRefused(error)) return undefined;
    throw new DoctorError(`the program that listens at ${url} does not answer.`);
  }
  if (response.ok) return (await response.json()) as HealthReport;
  if (response.status === 401)
    throw new DoctorError(
      `the gateway at ${url} refuses the access key. Set HOOKSWITCH_ACCESS_KEY to the key it was started with.`,
    );
  throw new DoctorError(
    `the program at ${url} is not a gateway of this version (it answers ${response.status}).`,
  );
}

/** The key from the environment, or the key file that a gateway wrote beside its database. */
function findKey({accessKey, databaseUrl}: Environment): string | undefined {
  if (accessKey !== undefined) return accessKey;
  try {
    return readFileSync(path.join(path.dirname(databaseFile(databaseUrl)), 'access-key'), 'utf8').trim();
  } catch {
    return undefined;
  }
}

function isRefused(error: unknown): boolean {
  const {cause} = error as {cause?: unknown};
  const causes = cause instanceof AggregateError ? (cause.errors as unknown[]) : [cause];
  return causes.some((each) => (each as NodeJS.ErrnoException | undefined)?.code === 'ECONNREFUSED');
}

const SIGNS = {ok: '✓', warning: '!', failed: '✗', 'not-run': '-'} as const;

function format({checks}: HealthReport, source: string): string {
  const count = (status: HealthCheck['status']) => checks.filter((check) => check.status === status).length;
  const total = `${count('ok')} ok, ${count('warning')} with warnings, ${count('failed')} failed`;
  return `${[`${source}.`, '', ...checks.flatMap(formatCheck), '', `${total}.`].join('\n')}\n`;
}

/** A check that is ok takes one line. Every other check also shows its evidence and its remedy. */
function formatCheck({title, status, summary, evidence, remedy}: HealthCheck): readonly string[] {
  const head = `${SIGNS[status]} ${title}: ${summary}`;
  if (status === 'ok') return [head];
  const rows = evidence.map(({label, value}) => `    ${label}: ${value}`);
  return [head, ...rows, ...(remedy === undefined ? [] : [`  → ${remedy}`])];
}
