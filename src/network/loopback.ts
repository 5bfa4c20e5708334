/** Loopback addresses. */
import {isIP} from 'node:net';

/** Whether a URL's host is this machine. Only there is http as safe as https. */
export function isLoopback(host: string): boolean {
  const bare = host.replace(/^\[(.*)\]$/, '$1');
  return bare === 'localhost' || bare === '::1' || (isIP(bare) === 4 && bare.startsWith('127.'));
}
