/** Refuses options that cannot work, at once and with the way out. */
import {MAX_SUBSCRIBED_CALLS} from '@hookswitch/protocol';
import type {ClientOptions, TokenReason} from './client-api.ts';

export interface CheckedOptions {
  /** The gateway's address without a slash at the end. */
  readonly url: string;
  readonly token: string | undefined;
  readonly getToken: ((reason: TokenReason) => string | Promise<string>) | undefined;
  readonly subscription: 'all' | readonly string[];
}

/** @throws TypeError naming the option, the fault and what to write instead */
export function checkOptions(options: ClientOptions): CheckedOptions {
  const {token, getToken, calls: subscription = 'all'} = options;
  if ((token == null) === (getToken == null)) {
    throw new TypeError(
      token == null
        ? 'Give token or getToken: neither is set.'
        : 'Give either token or getToken: both are set.',
    );
  }
  if (getToken != null && typeof getToken !== 'function') throw new TypeError('getToken must be a function.');
  if (subscription !== 'all' && subscription.length > MAX_SUBSCRIBED_CALLS) {
    throw new TypeError(`calls: at most ${MAX_SUBSCRIBED_CALLS} sids.`);
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
    return refuse("give the gateway's whole http(s) address, such as location.origin");
  }
  const {protocol, host, username, password, search, hash} = parsed;
  const pathname = parsed.pathname.replace(/\/+$/, '');
  if (/^wss?:$/.test(protocol))
    refuse(`write ${protocol.replace('ws', 'http')}//${host}, the client opens the WebSocket itself`);
  if (!/^https?:$/.test(protocol)) refuse('it must begin with https:// or http://');
  if (username !== '' || password !== '') refuse('leave out user and password, use token or getToken');
  if (search !== '' || hash !== '') refuse("leave out '?' and '#' and what follows");
  if (/\/ws$/i.test(pathname)) refuse('leave out /ws, the client adds it');
  return parsed.origin + pathname;
}
