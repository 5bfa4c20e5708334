/** `npm run demo`: a simulated Twilio, the gateway and the console in one process. No account is needed. */
import {randomBytes} from 'node:crypto';
import {mkdtemp, rm} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import {createSimulator, type Simulator} from '@hookswitch/simulator';
import {demoBasics, EnvironmentError, formatFaults, loadDemoEnvironment} from '../config/environment.ts';
import {createLogger} from '../observability/logger.ts';
import {createServer, type GatewayServer, type Listening} from '../server.ts';
import {numberUrls} from '../twilio/callback-urls.ts';
import {exitOnUncaught, runUntilSignal} from './run-until-signal.ts';

/** Ctrl-C stops everything within 5 s (C1). */
const EXIT_DEADLINE_MS = 4500;
const DRAIN_MS = 3500;

const HELP = `Usage: npm run demo

Runs a simulated Twilio, the gateway and the console on http://localhost:8081 and places two sample calls. It deletes
all data when it stops. PORT sets another port. LOG_LEVEL=info shows the gateway's log.
`;

export async function demo(argv: readonly string[]): Promise<number> {
  if (argv.includes('--help') || argv.includes('-h')) {
    process.stdout.write(HELP);
    return 0;
  }
  const folder = await mkdtemp(path.join(os.tmpdir(), 'hookswitch-demo-'));
  try {
    return await run(folder);
  } catch (error) {
    if (error instanceof EnvironmentError) process.stderr.write(formatFaults(error));
    else process.stderr.write(`The demo cannot start: ${(error as Error).message}\n`);
    return 1;
  } finally {
    await rm(folder, {recursive: true, force: true});
  }
}

async function run(folder: string): Promise<number> {
  const {port, logLevel} = demoBasics();
  const publicUrl = `http://localhost:${port}`;
  const authToken = randomBytes(16).toString('hex');
  const logger = createLogger({level: logLevel, secrets: [authToken]});
  exitOnUncaught(logger);
  const simulator = createSimulator({
    authToken,
    ...numberUrls(publicUrl),
    callsPerSecond: 5,
  });
  let server: GatewayServer | undefined;
  let stopping = false;
  const stop = async () => {
    stopping = true;
    // The simulator stops first, so that it sends no callbacks to a gateway that is stopping.
    await simulator.stop();
    await server?.drain({deadlineMs: DRAIN_MS});
  };
  // Installed before anything starts, so that a Ctrl-C at any moment leaves nothing behind.
  const ended = runUntilSignal(stop, logger, () => EXIT_DEADLINE_MS);
  const start = async () => {
    await simulator.start();
    const environment = loadDemoEnvironment({
      TWILIO_ACCOUNT_SID: simulator.accountSid,
      TWILIO_AUTH_TOKEN: authToken,
      TWILIO_PHONE_NUMBER: simulator.phoneNumber,
      TWILIO_API_URL: simulator.url,
      PUBLIC_URL: publicUrl,
      DATABASE_URL: `file:${path.join(folder, 'hookswitch.db')}`,
      VOICE_TWIML: '<Response><Say>Welcome to Hookswitch.</Say><Pause length="3600"/></Response>',
    });
    server = createServer({environment, logger});
    const listening = await server.start();
    announce(listening, simulator);
    await placeSampleCalls(listening);
    return ended;
  };
  try {
    return await Promise.race([start(), ended]);
  } catch (error) {
    // After a stop, an operation that was in progress is expected to fail.
    if (stopping) return ended;
    await stop();
    throw explain(error, port);
  }
}

function announce({url, accessKey}: Listening, simulator: Simulator): void {
  process.stdout.write(`
  Hookswitch demo — Twilio is simulated, nothing leaves this machine

  Open    ${url}/#key=${accessKey.key}
  Key     ${accessKey.key}
  Twilio  ${simulator.url} (simulated; controls under /_simulator/)

  Dial    +15550100001 answers     +15550100101 busy          +15550100201 no answer
          +15550100301 fails       +15550100510 hangs up after 10 s
  Inbound curl -X POST ${simulator.url}/_simulator/calls -H 'content-type: application/json' -d '{"from":"+15550100001"}'

  Ctrl-C stops everything.

`);
}

/**
 * Two calls for a new user to watch: one is answered and ends by itself, and one stays until it is hung up.
 */
async function placeSampleCalls(listening: Listening): Promise<void> {
  await placeCall(listening, {to: '+15550100001', metadata: {note: 'stays until you hang up'}});
  await placeCall(listening, {to: '+15550100545', metadata: {note: 'the sample call'}});
  process.stdout.write(
    '  Two sample calls are being placed: +15550100545 ends by itself, +15550100001 stays.\n',
  );
}

async function placeCall({url, accessKey}: Listening, call: object): Promise<void> {
  const response = await fetch(`${url}/api/calls`, {
    method: 'POST',
    headers: {authorization: `Bearer ${accessKey.key}`, 'content-type': 'application/json'},
    body: JSON.stringify(call),
  });
  const body: unknown = await response.json();
  if (!response.ok) throw new Error(`a sample call could not be placed: ${JSON.stringify(body)}`);
}

function explain(error: unknown, port: number): Error {
  const {code} = error as NodeJS.ErrnoException;
  if (code !== 'EADDRINUSE') return error as Error;
  return new Error(
    `port ${port} is taken. Stop what listens there, or choose another: PORT=9000 npm run demo`,
  );
}
