/** Addresses of this machine. */
import {isIP} from 'node:net';

/** Whether a URL's host is this machine: the one place where http is as good as https. */
export function isLoopback(host: string): boolean {
  const bare = host.replace(/^\[(.*)\]$/, '$1');
  return bare === 'localhost' || bare === '::1' || (isIP(bare) === 4 && bare.startsWith('127.'));
}
