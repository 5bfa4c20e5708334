/** The doctor's checks without a running gateway: before the first start, or if the start fails. */
import type {HealthReport} from '@hookswitch/protocol';
import type {Logger} from 'pino';
import {systemClock} from '../clock.ts';
import type {Environment} from '../config/environment.ts';
import {diskSpace} from '../journal/disk-space.ts';
import {inspectJournal} from '../journal/inspect-journal.ts';
import {databaseFile} from '../journal/open-journal.ts';
import {inspectPostgresJournal} from '../journal/postgres/inspect-postgres-journal.ts';
import {basePathOf} from '../network/base-path.ts';
import {secretOfNodes} from '../operator-services.ts';
import {isPostgresUrl} from '../postgres/postgres-url.ts';
import {nodePublicEndpointProbe} from '../reachability/node-public-endpoint-probe.ts';
import {createChecks} from '../services/health/checks.ts';
import {Doctor} from '../services/health/doctor.ts';
import {IdentityChallenge} from '../services/health/identity-challenge.ts';
import {DEFAULT_API_URL} from '../twilio/rest/sdk.ts';
import {SimulatorClient} from '../twilio/rest/simulator-client.ts';
import {TwilioAccountRest} from '../twilio/rest/twilio-account-rest.ts';
import {listenForDoctor} from './doctor-listener.ts';

/** Listens on PORT while it runs. @throws if the port is not available */
export async function examineAlone(environment: Environment, logger: Logger): Promise<HealthReport> {
  const {publicUrl, allowedOrigins, databaseUrl, twilio, port, host} = environment;
  const {accountSid, apiUrl, phoneNumber} = twilio;
  const identity = new IdentityChallenge(secretOfNodes(environment));
  const close = await listenForDoctor({port, host, basePath: basePathOf(publicUrl), identity});
  try {
    const isSimulated =
      apiUrl !== DEFAULT_API_URL && (await new SimulatorClient({apiUrl, accountSid}).identify()) === true;
    const checks = createChecks({
      publicUrl,
      allowedOrigins,
      port,
      accountSid,
      apiUrl,
      phoneNumber,
      identity,
      account: new TwilioAccountRest(twilio),
      probe: nodePublicEndpointProbe,
      clock: systemClock,
      simulated: () => isSimulated,
      diskSpace: async () => diskSpace(databaseFile(databaseUrl)),
      ...(await journalOf(databaseUrl)),
    });
    return await new Doctor({checks, clock: systemClock, logger}).runAll();
  } finally {
    await close();
  }
}

/** An unreadable journal becomes the result of its check and does not prevent the check. */
async function journalOf(databaseUrl: string) {
  try {
    const journal = isPostgresUrl(databaseUrl)
      ? await inspectPostgresJournal(databaseUrl)
      : inspectJournal(databaseFile(databaseUrl));
    return {
      journal: {probe: () => journal.probe(), head: () => journal.head},
      opening: () => ({epoch: journal.epoch ?? '(no journal yet)'}),
    };
  } catch (error) {
    const probe = async () => {
      throw error;
    };
    return {journal: {probe, head: () => 0}, opening: () => undefined};
  }
}
