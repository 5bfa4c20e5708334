import type {Logger} from './log.ts';
import type {Scenario} from './scenarios/scenario.ts';

/** The account a simulator has unless told otherwise. No such account exists at Twilio. */
export const defaultAccountSid = 'AC00000000000000000000000000000001';
/** Its primary auth token: basic auth and webhook signatures. */
export const defaultAuthToken = 'simulator-auth-token-00000000000';
/** Its API key. */
export const defaultApiKeySid = 'SK00000000000000000000000000000001';
export const defaultApiKeySecret = 'simulator-api-key-secret-0000000';
/** Its phone number, which is also the magic From of Twilio's test credentials. */
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
  /** The number the account owns at first, E.164. More can be bought over REST. @default {@link defaultPhoneNumber} */
  readonly phoneNumber?: string;
  /** A trial account calls only `verifiedNumbers` (21219 for others). @default 'Full' */
  readonly accountType?: 'Full' | 'Trial';
  /** Numbers that were verified: they may be called on trial, and called from. E.164. @default none */
  readonly verifiedNumbers?: readonly string[];
  /** Asked when that number is called. @default none: inbound calls fail */
  readonly voiceUrl?: string;
  /** Asked when what `voiceUrl` answers cannot be run. @default none */
  readonly voiceFallbackUrl?: string;
  /** Told once, at the end of every inbound call. @default none */
  readonly statusCallback?: string;
  /** @default '127.0.0.1' */
  readonly host?: string;
  /** 0 takes any free port. @default 0 */
  readonly port?: number;
  /**
   * Origin under which others reach the simulator: `RecordingUrl` begins with it. @default the address it listens on
   */
  readonly apiUrl?: string;
  /** Whether the files of recordings need HTTP Basic, as they do at Twilio. @default 'basic' */
  readonly mediaAuth?: 'basic' | 'none';
  /** Simulated seconds in a real one; network time-outs stay real. @default 1 */
  readonly speed?: number;
  /** Simulated time stands still until `advance()`. @default false */
  readonly manualClock?: boolean;
  /** Calls taken off the queue each simulated second; 0 or Infinity for no queueing. @default 1 */
  readonly callsPerSecond?: number;
  /** Seed of the faults. @default 1 */
  readonly seed?: number;
  /** How far ends behave whose number says nothing about it. @default 'answered' */
  readonly scenario?: Scenario;
  /** How an update of the status of an ended call fails: 404/20404 or 400/21220. @default 'not-found' */
  readonly endedUpdate?: 'not-found' | 'invalid-state';
  /**
   * How many ended calls and recordings are remembered; of deliveries, notifications and steps of TwiML, up to twice
   * as many. @default 50000
   */
  readonly historyLimit?: number;
  readonly logger?: Logger;
}

/** The options with their defaults; `apiUrl` is known only after the start. */
export type SimulatorSettings = Required<Omit<SimulatorOptions, 'apiUrl'>> & {readonly apiUrl: string | null};

/** Throws a RangeError for a value that cannot work. */
export function simulatorSettings(options: SimulatorOptions): SimulatorSettings {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  const settings: SimulatorSettings = {...DEFAULTS, ...(Object.fromEntries(given) as SimulatorOptions)};
  const {speed, historyLimit, apiUrl} = settings;
  if (!(speed > 0)) throw new RangeError(`speed must be more than 0: ${speed}`);
  if (!(historyLimit > 0)) throw new RangeError(`historyLimit must be more than 0: ${historyLimit}`);
  if (apiUrl === null) return settings;
  if (!/^https?:\/\/[^/?#]+\/?$/.test(apiUrl) || !URL.canParse(apiUrl)) {
    throw new RangeError(`apiUrl is an origin such as http://simulator:4010, not ${apiUrl}`);
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
