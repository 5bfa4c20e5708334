/** Entries of TRUSTED_PROXIES: proxies that may set the client's address. */
import {parseRange} from '../network/ip-address.ts';
import {Refusal} from './parsing.ts';

export const PROXIES_REMEDY =
  'List the addresses that your proxies connect from, such as 10.0.0.0/8,127.0.0.1,::1. Host names are not resolved.';

/** An address or a CIDR. */
export function parseProxy(value: string): string | Refusal {
  const range = parseRange(value);
  if (range === undefined)
    return new Refusal('has an entry that is neither an IP address nor a CIDR', PROXIES_REMEDY);
  if (range.prefix === 0)
    return new Refusal(
      'has an entry that trusts every address',
      `Anybody could then set any address. ${PROXIES_REMEDY}`,
    );
  const {address, prefix, family} = range;
  return prefix === (family === 'ipv4' ? 32 : 128) ? address : `${address}/${prefix}`;
}
