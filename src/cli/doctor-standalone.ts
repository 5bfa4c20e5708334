/** The doctor's checks without a gateway: before the first start, or when it does not start. */
import type {HealthReport} from '@hookswitch/protocol';
import type {Logger} from 'pino';
import {systemClock} from '../clock.ts';
import type {Environment} from '../config/environment.ts';
import {diskSpace} from '../journal/disk-space.ts';
import {inspectJournal} from '../journal/inspect-journal.ts';
import {databaseFile} from '../journal/open-journal.ts';
import {inspectPostgresJournal} from '../journal/postgres/inspect-postgres-journal.ts';
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

/** Listens on PORT meanwhile. @throws when that cannot be had */
export async function examineAlone(environment: Environment, logger: Logger): Promise<HealthReport> {
  const {publicUrl, allowedOrigins, databaseUrl, twilio, port, host} = environment;
  const {accountSid, apiUrl, phoneNumber} = twilio;
  const identity = new IdentityChallenge(secretOfNodes(environment));
  const basePath = new URL(publicUrl).pathname.replace(/\/$/, '');
  const close = await listenForDoctor({port, host, basePath, identity});
  try {
    const isSimulated =
      apiUrl !== DEFAULT_API_URL && (await new SimulatorClient({apiUrl, accountSid}).identify()) === true;
    const checks = createChecks({
      ...{publicUrl, allowedOrigins, port, accountSid, apiUrl, phoneNumber, identity},
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

/** A file that cannot be read is what the check is to say, not a reason for it not to run. */
async function journalOf(databaseUrl: string) {
  try {
    const journal = isPostgresUrl(databaseUrl)
      ? await inspectPostgresJournal(databaseUrl)
      : inspectJournal(databaseFile(databaseUrl));
    return {
      journal: {probe: () => journal.probe(), head: () => journal.head},
      opening: () => ({epoch: journal.epoch ?? '(there is no journal yet)'}),
    };
  } catch (error) {
    const probe = async () => {
      throw error;
    };
    return {journal: {probe, head: () => 0}, opening: () => undefined};
  }
}
