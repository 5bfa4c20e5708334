/** A gateway with a Twilio proxy, and optionally with a journal that can fail. */
import {Writable} from 'node:stream';
import {hasEnded, type ProviderStatus} from '@hookswitch/protocol';
import {openJournal} from '../../../src/journal/open-journal.ts';
import {createLogger} from '../../../src/observability/logger.ts';
import {createServer} from '../../../src/server.ts';
import {startGateway, type TestGateway, type TestGatewayOptions} from '../gateway/gateway.ts';
import {until} from '../until.ts';
import {FailingJournal} from './http-failing-journal.ts';
import {TwilioProxy} from './http-twilio-proxy.ts';

export class HttpGateway implements AsyncDisposable {
  readonly gateway: TestGateway;
  /** Proxy between the gateway and the simulator. */
  readonly twilio: TwilioProxy;
  readonly #journal: FailingJournal | undefined;

  constructor(gateway: TestGateway, twilio: TwilioProxy, journal?: FailingJournal) {
    this.gateway = gateway;
    this.twilio = twilio;
    this.#journal = journal;
  }

  /** Requires the option `failingJournal`. */
  get journal(): FailingJournal {
    if (this.#journal === undefined) throw new Error('started without a failing journal');
    return this.#journal;
  }

  /** Places a call with an optional Idempotency-Key. Resolves with the response. */
  place(body: unknown, key?: string) {
    const headers: Record<string, string> = key === undefined ? {} : {'idempotency-key': key};
    return this.gateway.api('/api/calls', {body, headers});
  }

  /**
   * Waits until the gateway itself has a status, as a session's snapshot and messages show it. Readers of the database,
   * such as `GET /api/calls/…`, can see it a moment earlier.
   */
  async waitForStatus(callSid: string, providerStatus: ProviderStatus | 'ended'): Promise<void> {
    const session = await this.gateway.session();
    await session.receive('call.snapshot');
    await until(
      () => {
        const calls = session.of('call.snapshot').flatMap((snapshot) => snapshot.calls);
        const received = [...calls, ...session.of('call.status')].filter((each) => each.callSid === callSid);
        const known = received.at(-1)?.providerStatus;
        if (providerStatus === 'ended') return known === undefined || hasEnded(known);
        return known === providerStatus;
      },
      {what: `the gateway to report ${callSid} as ${providerStatus}`},
    );
    await session.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.gateway[Symbol.asyncDispose]();
    await this.twilio[Symbol.asyncDispose]();
  }
}

export interface HttpGatewayOptions extends TestGatewayOptions {
  /** Wraps the journal in a {@link FailingJournal}. */
  readonly failingJournal?: boolean;
}

export async function startHttpGateway(options: HttpGatewayOptions = {}): Promise<HttpGateway> {
  const twilio = await new TwilioProxy().start();
  const gateway = await startGateway({...options, env: {TWILIO_API_URL: twilio.url, ...options.env}});
  twilio.target = gateway.simulator.url;
  if (options.failingJournal !== true) return new HttpGateway(gateway, twilio);
  return new HttpGateway(gateway, twilio, await swapJournal(gateway, options));
}

/** Restarts the server on the same file with a wrapped journal. */
async function swapJournal(gateway: TestGateway, options: HttpGatewayOptions): Promise<FailingJournal> {
  await gateway.server.stop();
  const {environment} = gateway;
  const {clock} = options;
  const journal = new FailingJournal(openJournal(environment.databaseUrl));
  const destination = new Writable({
    write: (chunk, _encoding, done) => {
      gateway.logs.push(String(chunk));
      done();
    },
  });
  const logger = createLogger({level: environment.logLevel, destination});
  const twilio = options.twilio?.(environment);
  gateway.server = createServer({environment, logger, journal, clock, twilio});
  await gateway.server.start();
  return journal;
}
