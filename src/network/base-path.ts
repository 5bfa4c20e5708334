/**
 * The path of PUBLIC_URL, as in `https://example.com/telephony`. Some proxies remove it from a request and others keep it,
 * so every endpoint accepts both.
 */

/** Without a trailing slash; empty if PUBLIC_URL has no path. */
export function basePathOf(publicUrl: string): string {
  return new URL(publicUrl).pathname.replace(/\/$/, '');
}

/** Removes the base path from a request path or target, if the path is below it. */
export function withoutBasePath(target: string, basePath: string): string {
  return basePath !== '' && target.startsWith(`${basePath}/`) ? target.slice(basePath.length) : target;
}
