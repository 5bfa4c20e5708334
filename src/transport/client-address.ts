/**
 * The client address of a request. Behind a proxy it is the proxy's address, unless TRUSTED_PROXIES names the
 * proxy: then it is read from `X-Forwarded-For` or `Forwarded` (RFC 7239). The address is only for logs and
 * lists. It never grants access, and no signature check uses it.
 */
import type {IncomingMessage} from 'node:http';
import {canonicalAddress, createRangeCheck, parseRange, withoutMapping} from '../network/ip-address.ts';

/** The client's address. Empty if the socket has none because it has closed. */
export type ClientAddress = (request: Pick<IncomingMessage, 'headers' | 'socket'>) => string;

/** @param trustedProxies addresses and CIDRs, as TRUSTED_PROXIES lists them */
export function createClientAddress(trustedProxies: readonly string[]): ClientAddress {
  const ranges = trustedProxies.map(parseRange).filter((range) => range !== undefined);
  const isTrusted = createRangeCheck(ranges);
  return ({headers, socket}) => {
    const peer = withoutMapping(socket.remoteAddress ?? '');
    const {'x-forwarded-for': listed, forwarded} = headers;
    if (ranges.length === 0 || (listed === undefined && forwarded === undefined)) return peer;
    const walk = (hops: readonly (string | undefined)[]) => clientOf(peer, hops, isTrusted);
    const byList = listed === undefined ? undefined : walk([listed].flat().join().split(',').map(addressOf));
    const byElement = forwarded === undefined ? undefined : walk(forwardedHops(forwarded));
    // A proxy writes one header and forwards the other as the client wrote it. Nobody can tell which is
    // which.
    if (byList !== undefined && byElement !== undefined && byList !== byElement) return peer;
    return byList ?? byElement ?? peer;
  };
}

/**
 * Each proxy appends the address of its own client. The walk goes backwards and believes an entry as long as
 * all addresses after it belong to trusted proxies. An entry that is not an address ends the walk.
 */
function clientOf(
  peer: string,
  hops: readonly (string | undefined)[],
  isTrusted: (address: string) => boolean,
): string {
  let client = peer;
  for (const hop of hops.toReversed()) {
    if (!isTrusted(withoutZone(client)) || hop === undefined) return client;
    client = hop;
  }
  return client;
}

/** A link-local address names its interface: `fe80::1%eth0`. */
function withoutZone(address: string): string {
  return address.replace(/%.*$/, '');
}

/** `192.0.2.1`, `192.0.2.1:4711`, `2001:db8::1`, `[2001:db8::1]:4711`. */
function addressOf(text: string): string | undefined {
  const [, v6, v4] = /^(?:\[([^\]]*)\](?::\d{1,5})?|([\d.]+):\d{1,5})$/.exec(text.trim()) ?? [];
  return canonicalAddress(v6 ?? v4 ?? text.trim());
}

const PAIR =
  /[ \t]*([!#$%&'*+.^_`|~0-9A-Za-z-]+)=(?:([!#$%&'*+.^_`|~0-9A-Za-z-]+)|"((?:[^"\\]|\\.)*)")[ \t]*([;,]|$)/y;

/**
 * The `for` value of each element; empty if any part is malformed. The client's elements come before those of
 * the proxies, so an unclosed quote in them would swallow the proxies' elements.
 */
function forwardedHops(header: string): readonly (string | undefined)[] {
  const hops: (string | undefined)[] = [];
  let hop: string | undefined;
  let seen = false;
  PAIR.lastIndex = 0;
  for (;;) {
    const [, name = '', token, quoted, separator] = PAIR.exec(header) ?? [];
    if (name === '') return [];
    const isFor = name.toLowerCase() === 'for';
    if (isFor && seen) return [];
    seen ||= isFor;
    if (isFor) hop = addressOf(token ?? quoted?.replaceAll(/\\(.)/g, '$1') ?? '');
    if (separator === ';') continue;
    hops.push(hop);
    if (separator === '') return hops;
    hop = undefined;
    seen = false;
  }
}
