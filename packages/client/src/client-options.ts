/** Validates the client's options. An invalid option throws an error that says what to write instead. */
import {MAX_SUBSCRIBED_CALLS} from '@hookswitch/protocol';
import type {ClientOptions, TokenReason} from './client-api.ts';

export interface CheckedOptions {
  /** The gateway's address without a trailing slash. */
  readonly url: string;
  readonly token: string | undefined;
  readonly getToken: ((reason: TokenReason) => string | Promise<string>) | undefined;
  readonly subscription: 'all' | readonly string[];
}

/** @throws TypeError that names the option, the problem and the fix */
export function checkOptions(options: ClientOptions): CheckedOptions {
  const {token, getToken, calls: subscription = 'all'} = options;
  if ((token == null) === (getToken == null)) {
    throw new TypeError(
      token == null
        ? 'Set token or getToken: neither is set.'
        : 'Set either token or getToken: both are set.',
    );
  }
  if (getToken != null && typeof getToken !== 'function') throw new TypeError('getToken must be a function.');
  if (subscription !== 'all' && subscription.length > MAX_SUBSCRIBED_CALLS) {
    throw new TypeError(`calls: list at most ${MAX_SUBSCRIBED_CALLS} call sids.`);
  }
  return {
    url: checkUrl(options.url),
    token: token ?? undefined,
    getToken: getToken ?? undefined,
    subscription,
  };
}

function checkUrl(url: string | URL): string {
  const refuse = (fault: string): never => {
    throw new TypeError(`url: ${fault}.`);
  };
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    return refuse("pass the gateway's full http(s) address, such as location.origin");
  }
  const {protocol, host, username, password, search, hash} = parsed;
  const pathname = parsed.pathname.replace(/\/+$/, '');
  if (/^wss?:$/.test(protocol))
    refuse(`write ${protocol.replace('ws', 'http')}//${host}, the client opens the WebSocket itself`);
  if (!/^https?:$/.test(protocol)) refuse('it must start with https:// or http://');
  if (username !== '' || password !== '')
    refuse('remove the user and password, use token or getToken instead');
  if (search !== '' || hash !== '') refuse("remove the query ('?') and the fragment ('#')");
  if (/\/ws$/i.test(pathname)) refuse('remove /ws, the client adds it');
  return parsed.origin + pathname;
}
