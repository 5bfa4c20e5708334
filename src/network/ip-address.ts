/** Canonical IP addresses, for comparison and display. */
import {BlockList, isIPv4, isIPv6, SocketAddress} from 'node:net';

export interface AddressRange {
  readonly address: string;
  readonly family: 'ipv4' | 'ipv6';
  /** Number of leading bits that the addresses of the range share. */
  readonly prefix: number;
}

/**
 * IPv4 addresses are unchanged, or unwrapped if mapped (`::ffff:10.0.0.1`). IPv6 addresses get their short
 * form.
 */
export function canonicalAddress(text: string): string | undefined {
  if (isIPv4(text)) return text;
  if (!isIPv6(text) || text.includes('%')) return undefined;
  const {address} = new SocketAddress({address: text, family: 'ipv6'});
  return withoutMapping(address);
}

/** Node reports IPv4 clients in this form if one socket listens for both families. */
export function withoutMapping(address: string): string {
  if (!address.startsWith('::ffff:')) return address;
  const mapped = address.slice('::ffff:'.length);
  return isIPv4(mapped) ? mapped : address;
}

/** An address, or an address and a prefix length (CIDR). */
export function parseRange(text: string): AddressRange | undefined {
  const [, written = '', length] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const address = canonicalAddress(written);
  if (address === undefined) return undefined;
  const family = isIPv4(address) ? 'ipv4' : 'ipv6';
  const bits = family === 'ipv4' ? 32 : 128;
  // In a mapped IPv4 address, the first 96 bits are the mapping.
  const mapping = family === 'ipv4' && isIPv6(written) ? 96 : 0;
  const prefix = length === undefined ? bits : Number(length) - mapping;
  return prefix >= 0 && prefix <= bits ? {address, family, prefix} : undefined;
}

/** Returns a check whether a canonical address is in one of the ranges. */
export function createRangeCheck(ranges: readonly AddressRange[]): (address: string) => boolean {
  const list = new BlockList();
  for (const {address, prefix, family} of ranges) list.addSubnet(address, prefix, family);
  return (address) => list.check(address, isIPv4(address) ? 'ipv4' : 'ipv6');
}
