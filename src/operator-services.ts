/** Services for operators: the doctor, the metric samples and the controls of a simulated Twilio. */
import type {Logger} from 'pino';
import type {Clock} from './clock.ts';
import type {Environment} from './config/environment.ts';
import {diskSpace} from './journal/disk-space.ts';
import type {JournalOpening} from './journal/followable-journal.ts';
import type {Journal} from './journal/journal.ts';
import {databaseFile} from './journal/open-journal.ts';
import type {MetricSources, Metrics} from './observability/metrics.ts';
import {createProcessLoad} from './observability/process-load.ts';
import {isPostgresUrl} from './postgres/postgres-url.ts';
import {nodePublicEndpointProbe} from './reachability/node-public-endpoint-probe.ts';
import type {PublicEndpointProbe} from './reachability/public-endpoint-probe.ts';
import type {CallService} from './services/calls/call-service.ts';
import {createChecks} from './services/health/checks.ts';
import type {PointNumberOptions} from './services/health/configure-number.ts';
import {Doctor} from './services/health/doctor.ts';
import {IdentityChallenge} from './services/health/identity-challenge.ts';
import {HealthSampler} from './services/health/metric-samples.ts';
import {SimulatorControl} from './services/simulator/simulator-control.ts';
import {DEFAULT_API_URL} from './twilio/rest/sdk.ts';
import {SimulatorClient} from './twilio/rest/simulator-client.ts';
import {TwilioAccountRest} from './twilio/rest/twilio-account-rest.ts';
import type {TwilioAccountClient} from './twilio/twilio-account.ts';

export interface OperatorServicesOptions {
  readonly environment: Environment;
  readonly journal: Journal;
  /** The state of the journal at start. */
  readonly opening: () => Omit<JournalOpening, 'head'>;
  readonly calls: CallService;
  readonly metrics: Metrics;
  readonly sources: Pick<MetricSources, 'openSessions' | 'activeCalls'>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** @default Twilio's REST API, or the host in TWILIO_API_URL */
  readonly account?: TwilioAccountClient;
  /** @default the network */
  readonly probe?: PublicEndpointProbe;
}

export class OperatorServices {
  readonly doctor: Doctor;
  readonly sampler: HealthSampler;
  readonly simulator: SimulatorControl;
  readonly identity: IdentityChallenge;
  readonly pointNumber: PointNumberOptions;

  constructor({environment, account, probe = nodePublicEndpointProbe, ...options}: OperatorServicesOptions) {
    const {publicUrl, allowedOrigins, databaseUrl, twilio, port} = environment;
    const {clock, logger} = options;
    this.identity = new IdentityChallenge(secretOfNodes(environment));
    const {accountSid, apiUrl, phoneNumber} = twilio;
    const client = account ?? new TwilioAccountRest(twilio);
    const simulator = apiUrl === DEFAULT_API_URL ? undefined : new SimulatorClient({apiUrl, accountSid});
    this.simulator = new SimulatorControl({...options, simulator});
    const checks = createChecks({
      ...options,
      account: client,
      probe,
      identity: this.identity,
      publicUrl,
      allowedOrigins,
      port,
      accountSid,
      apiUrl,
      phoneNumber,
      // For a remote database, the disk of this machine says nothing.
      diskSpace: async () => diskSpace(databaseFile(databaseUrl)),
      simulated: () => this.simulator.simulated,
    });
    this.doctor = new Doctor({checks, clock, logger});
    this.sampler = new HealthSampler({...options, load: createProcessLoad(clock)});
    this.pointNumber = {account: client, phoneNumber, publicUrl, logger};
  }

  start(): void {
    this.simulator.start();
    this.sampler.start();
  }

  /** Idempotent. */
  stop(): void {
    this.doctor.stop();
    this.sampler.stop();
  }
}

/** Behind a load balancer any node may answer. All nodes have the same access key. */
export function secretOfNodes({databaseUrl, accessKey}: Environment): string | undefined {
  return isPostgresUrl(databaseUrl) ? accessKey : undefined;
}
