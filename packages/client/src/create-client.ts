import type {ClientOptions, HookswitchClient} from './client-api.ts';

export function createClient(options: ClientOptions): HookswitchClient {
  throw new Error(`not there yet: ${String(options.url)}`);
}
