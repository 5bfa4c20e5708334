import type {Logger} from './log.ts';
import type {Scenario} from './scenarios/scenario.ts';

/** The default account SID. No such account exists at Twilio. */
export const defaultAccountSid = 'AC00000000000000000000000000000001';
/** Its primary auth token, for basic auth and webhook signatures. */
export const defaultAuthToken = 'simulator-auth-token-00000000000';
/** Its API key. */
export const defaultApiKeySid = 'SK00000000000000000000000000000001';
export const defaultApiKeySecret = 'simulator-api-key-secret-0000000';
/** Its phone number. It is also the magic From number of Twilio's test credentials. */
export const defaultPhoneNumber = '+15005550006';

export interface SimulatorOptions {
  /** @default {@link defaultAccountSid} */
  readonly accountSid?: string;
  /** @default {@link defaultAuthToken} */
  readonly authToken?: string;
  /** @default {@link defaultApiKeySid} */
  readonly apiKeySid?: string;
  /** @default {@link defaultApiKeySecret} */
  readonly apiKeySecret?: string;
  /**
   * The account's first number, E.164. More numbers can be bought over REST. @default {@link
   * defaultPhoneNumber}
   */
  readonly phoneNumber?: string;
  /** A trial account can call only `verifiedNumbers` (others fail with 21219). @default 'Full' */
  readonly accountType?: 'Full' | 'Trial';
  /**
   * Verified numbers. A trial account can call them, and any account can call from them. E.164. @default none
   */
  readonly verifiedNumbers?: readonly string[];
  /** Requested when the number is called. @default none: inbound calls fail */
  readonly voiceUrl?: string;
  /** Requested when the document from `voiceUrl` cannot be run. @default none */
  readonly voiceFallbackUrl?: string;
  /** Notified once, at the end of every inbound call. @default none */
  readonly statusCallback?: string;
  /** @default '127.0.0.1' */
  readonly host?: string;
  /** 0 picks a free port. @default 0 */
  readonly port?: number;
  /** Public origin of the simulator, used in `RecordingUrl`. @default the address it listens on */
  readonly apiUrl?: string;
  /** Whether recording files need HTTP Basic, as at Twilio. @default 'basic' */
  readonly mediaAuth?: 'basic' | 'none';
  /** Simulated seconds per real second. Network timeouts stay real. @default 1 */
  readonly speed?: number;
  /** Simulated time stands still until `advance()`. @default false */
  readonly manualClock?: boolean;
  /** Calls started per simulated second; 0 or Infinity for no limit. @default 1 */
  readonly callsPerSecond?: number;
  /** Seed for random faults. @default 1 */
  readonly seed?: number;
  /** Behavior of numbers that have no scenario of their own. @default 'answered' */
  readonly scenario?: Scenario;
  /** The error for updating the status of an ended call: 404/20404 or 400/21220. @default 'not-found' */
  readonly endedUpdate?: 'not-found' | 'invalid-state';
  /**
   * How many ended calls and recordings are kept. For deliveries, notifications and TwiML steps, up to twice
   * as many are kept. @default 50000
   */
  readonly historyLimit?: number;
  readonly logger?: Logger;
}

/** The options with their defaults. `apiUrl` is known only after the start. */
export type SimulatorSettings = Required<Omit<SimulatorOptions, 'apiUrl'>> & {readonly apiUrl: string | null};

/** Throws a RangeError for an invalid value. */
export function simulatorSettings(options: SimulatorOptions): SimulatorSettings {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  const settings: SimulatorSettings = {...DEFAULTS, ...(Object.fromEntries(given) as SimulatorOptions)};
  const {speed, historyLimit, apiUrl} = settings;
  if (!(speed > 0)) throw new RangeError(`speed must be more than 0: ${speed}`);
  if (!(historyLimit > 0)) throw new RangeError(`historyLimit must be more than 0: ${historyLimit}`);
  if (apiUrl === null) return settings;
  if (!/^https?:\/\/[^/?#]+\/?$/.test(apiUrl) || !URL.canParse(apiUrl)) {
    throw new RangeError(`apiUrl must be an origin such as http://simulator:4010, not ${apiUrl}`);
  }
  return {...settings, apiUrl: apiUrl.replace(/\/$/, '')};
}

const DEFAULTS: SimulatorSettings = {
  accountSid: defaultAccountSid,
  authToken: defaultAuthToken,
  apiKeySid: defaultApiKeySid,
  apiKeySecret: defaultApiKeySecret,
  phoneNumber: defaultPhoneNumber,
  accountType: 'Full',
  verifiedNumbers: [],
  voiceUrl: '',
  voiceFallbackUrl: '',
  statusCallback: '',
  host: '127.0.0.1',
  port: 0,
  apiUrl: null,
  mediaAuth: 'basic',
  speed: 1,
  manualClock: false,
  callsPerSecond: 1,
  seed: 1,
  scenario: 'answered',
  endedUpdate: 'not-found',
  historyLimit: 50_000,
  logger: () => {},
};
