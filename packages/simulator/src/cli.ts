import {once} from 'node:events';
import {parseArgs} from 'node:util';
import {defaultAccountSid, defaultAuthToken, defaultPhoneNumber, type SimulatorOptions} from './options.ts';
import {numberTable} from './scenarios/number-table.ts';
import {type ScenarioName, scenarioNames} from './scenarios/scenario.ts';
import {createSimulator, type Simulator} from './simulator.ts';

/** An option of the command: its value, description and default. */
const OPTIONS = {
  port: ['<n>', 'port to listen on', '4010'],
  host: ['<address>', 'address to listen on', '127.0.0.1'],
  speed: ['<n>', 'simulated seconds in a real one', '1'],
  cps: ['<n>', 'calls started per second, 0 for no limit', '1'],
  seed: ['<n>', 'seed for random faults', '1'],
  scenario: ['<name>', 'behavior of numbers that are not in the table', 'answered'],
  'account-sid': ['<sid>', 'account SID', defaultAccountSid],
  'auth-token': ['<token>', 'auth token of the account', defaultAuthToken],
  'phone-number': ['<number>', 'phone number of the account', defaultPhoneNumber],
  'voice-url': ['<url>', 'URL requested when that number is called', ''],
  'status-callback': ['<url>', 'URL notified when such a call has ended', ''],
  'api-url': ['<origin>', 'public address of the simulator, used in RecordingUrl', ''],
  'media-auth': ['<word>', 'basic or none: credentials needed to fetch recordings', 'basic'],
  clock: ['<word>', 'running or manual: how simulated time advances', 'running'],
} as const;

type OptionName = keyof typeof OPTIONS;

/** An invalid command line. The message is shown to the user. */
class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** The output of the command. Tests replace it. */
export interface Output {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
}

const processOutput: Output = {
  out: (text) => process.stdout.write(`${text}\n`),
  err: (text) => process.stderr.write(`${text}\n`),
};

/**
 * Runs the command until SIGINT or SIGTERM (exit code 0). Exits with 1 if it cannot start, and with 2 for an
 * invalid command line.
 */
export async function main(argv: readonly string[], {out, err}: Output = processOutput): Promise<number> {
  let options: SimulatorOptions;
  try {
    const values = readArguments(argv);
    if (values === 'help') {
      out(help());
      return 0;
    }
    options = {
      ...simulatorOptions(values),
      logger: ({message, callSid}) => out(`${callSid ?? ''} ${message}`.trim()),
    };
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    err(`${error.message}\nTry --help.`);
    return 2;
  }
  let simulator: Simulator;
  try {
    simulator = createSimulator(options);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    err(`${error.message}\nTry --help.`);
    return 2;
  }
  // Listen for signals before the start, so that an early signal is not lost.
  const signaled = firstSignal();
  try {
    await simulator.start();
  } catch (error) {
    signaled.cancel();
    err(`Cannot listen: ${(error as Error).message}`);
    return 1;
  }
  out(greeting(simulator));
  await signaled.promise;
  await simulator.stop();
  return 0;
}

function readArguments(argv: readonly string[]): Record<OptionName, string> | 'help' {
  const names = Object.keys(OPTIONS) as OptionName[];
  const options = Object.fromEntries(names.map((name) => [name, {type: 'string'} as const]));
  try {
    const {values} = parseArgs({args: [...argv], options: {...options, help: {type: 'boolean', short: 'h'}}});
    if (values['help'] === true) return 'help';
    const given = values as Partial<Record<OptionName, string>>;
    return Object.fromEntries(names.map((name) => [name, given[name] ?? OPTIONS[name][2]])) as Record<
      OptionName,
      string
    >;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function simulatorOptions(values: Record<OptionName, string>): SimulatorOptions {
  const scenario = scenarioNames.find((name): name is ScenarioName => name === values.scenario);
  if (scenario === undefined) throw new UsageError(`--scenario must be one of ${scenarioNames.join(', ')}`);
  const apiUrl = url(values, 'api-url');
  const voiceUrl = url(values, 'voice-url');
  const statusCallback = url(values, 'status-callback');
  return {
    port: number(values, 'port', {min: 0, max: 65_535}),
    host: values.host,
    speed: number(values, 'speed', {min: 0.001, max: 100_000}),
    callsPerSecond: number(values, 'cps', {min: 0, max: 1_000_000}),
    seed: number(values, 'seed', {min: 0, max: Number.MAX_SAFE_INTEGER}),
    scenario,
    accountSid: values['account-sid'],
    authToken: values['auth-token'],
    phoneNumber: values['phone-number'],
    mediaAuth: oneOf(values, 'media-auth', ['basic', 'none'] as const),
    manualClock: oneOf(values, 'clock', ['running', 'manual'] as const) === 'manual',
    ...(apiUrl === null ? {} : {apiUrl}),
    ...(voiceUrl === null ? {} : {voiceUrl}),
    ...(statusCallback === null ? {} : {statusCallback}),
  };
}

function number(
  values: Record<OptionName, string>,
  name: OptionName,
  {min, max}: {min: number; max: number},
): number {
  const value = Number(values[name]);
  if (values[name].trim() === '' || !(value >= min && value <= max)) {
    throw new UsageError(`--${name} must be a number from ${min} to ${max}, not ${values[name]}`);
  }
  return value;
}

function url(values: Record<OptionName, string>, name: OptionName): string | null {
  const value = values[name];
  if (value === '') return null;
  if (!/^https?:\/\//.test(value) || !URL.canParse(value))
    throw new UsageError(`--${name} must be an http(s) URL, not ${value}`);
  return value;
}

function oneOf<Word extends string>(
  values: Record<OptionName, string>,
  name: OptionName,
  words: readonly Word[],
): Word {
  const word = words.find((each) => each === values[name]);
  if (word === undefined)
    throw new UsageError(`--${name} must be ${words.join(' or ')}, not ${values[name]}`);
  return word;
}

function help(): string {
  const flags = Object.entries(OPTIONS).map(([name, [value, what, fallback]]) => {
    const standard = fallback === '' ? '' : ` [${fallback}]`;
    return `  ${`--${name} ${value}`.padEnd(26)}${what}${standard}`;
  });
  const numbers = numberTable.map(({numbers: range, outcome}) => `  ${range.padEnd(26)}${outcome}`);
  return [
    'A Twilio Voice simulator: point a Twilio client at its URL.',
    '',
    'Options',
    ...flags,
    '',
    'Dialed numbers with a fixed outcome',
    ...numbers,
    `  ${'+15005550001 … 4'.padEnd(26)}the API errors of Twilio's test credentials`,
    `  ${'any other'.padEnd(26)}answered after 3 seconds of ringing`,
    '',
    'Open /_simulator in a browser to see and control the calls.',
  ].join('\n');
}

function greeting({url: address, accountSid, authToken, phoneNumber}: Simulator): string {
  return [
    `Twilio simulator listening on ${address}`,
    `  TWILIO_ACCOUNT_SID=${accountSid}`,
    `  TWILIO_AUTH_TOKEN=${authToken}`,
    `  TWILIO_PHONE_NUMBER=${phoneNumber}`,
    '',
    'Place a call:',
    `  curl -u ${accountSid}:${authToken} ${address}/2010-04-01/Accounts/${accountSid}/Calls.json \\`,
    `    --data-urlencode To=+15550100000 --data-urlencode From=${phoneNumber} \\`,
    "    --data-urlencode Twiml='<Response><Say>Hello</Say></Response>'",
    'Simulate an inbound call:',
    `  curl ${address}/_simulator/calls -H 'Content-Type: application/json' -d '{"from": "+14155550123"}'`,
    `See and control calls: ${address}/_simulator`,
    '',
  ].join('\n');
}

function firstSignal() {
  const aborted = new AbortController();
  const options = {signal: aborted.signal};
  const promise = Promise.race([once(process, 'SIGINT', options), once(process, 'SIGTERM', options)])
    .catch(() => {})
    .finally(() => aborted.abort());
  return {promise, cancel: () => aborted.abort()};
}
