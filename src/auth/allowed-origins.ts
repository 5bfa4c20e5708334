/** The pages that may use the gateway. One rule for CORS, WebSocket upgrades and the doctor. */

export interface OriginPolicy {
  /** ALLOWED_ORIGINS. */
  readonly allowedOrigins: readonly string[] | '*';
  readonly publicUrl: string;
  /** The port the gateway listens on. */
  readonly port: number;
}

/** The headers that decide. Node's request has this shape. */
export interface OriginRequest {
  readonly headers: {readonly origin?: string | undefined; readonly host?: string | undefined};
}

const LOOPBACK_HOSTS = new Set(['localhost', '127.0.0.1', '[::1]']);

/** The text that a `*` matches: at least one character, within one label. */
const WITHIN_LABEL = /^[a-z0-9_-]{1,63}$/;

/**
 * Whether the page that sent the request is allowed. A request without an origin does not come from a page.
 */
export function isAllowedOrigin(request: OriginRequest, policy: OriginPolicy): boolean {
  const {origin} = request.headers;
  if (origin === undefined || policy.allowedOrigins === '*') return true;
  return matchesOrigin(policy.allowedOrigins, origin) || isOwnOrigin(origin, request.headers.host, policy);
}

/**
 * Whether the gateway itself serves the pages of an origin: the host that the request was sent to,
 * PUBLIC_URL, and this machine at our port.
 *
 * The `Host` header is not checked against a list, although a page can choose it by DNS rebinding:
 * `evil.example` that resolves to this machine is allowed here. That page gains nothing. No request is
 * authorized by where it comes from: each needs a bearer token, the gateway sets no cookies, and the browser
 * keeps our key for our own origin, which the other page cannot read. Without an origin check at all, the
 * same requests could be made from outside of a browser.
 */
function isOwnOrigin(origin: string, host: string | undefined, {publicUrl, port}: OriginPolicy): boolean {
  // Browsers send normalized origins, so anything that URL would normalize is not an origin.
  if (!URL.canParse(origin) || new URL(origin).origin !== origin) return false;
  const page = new URL(origin);
  if (page.protocol !== 'http:' && page.protocol !== 'https:') return false;
  if (origin === new URL(publicUrl).origin) return true;
  if (LOOPBACK_HOSTS.has(page.hostname) && portOf(page) === port) return true;
  return host !== undefined && hostOf(host, page.protocol) === page.host;
}

function portOf({protocol, port}: URL): number {
  return port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port);
}

/** A `Host` header in the form of a URL's host: in lower case, without the scheme's default port. */
function hostOf(host: string, protocol: string): string | undefined {
  // Only a host and a port, because `a@b` and `a/b` would be parsed as another host.
  if (!/^(?:[\w.~-]+|\[[\da-f:.]+\])(?::\d{1,5})?$/i.test(host)) return undefined;
  const url = `${protocol}//${host}`;
  return URL.canParse(url) ? new URL(url).host : undefined;
}

/** Whether `origin`, as a browser sends it, matches one of the entries. */
export function matchesOrigin(allowed: readonly string[], origin: string): boolean {
  return allowed.some((entry) => entry === origin || matchesPattern(entry, origin));
}

function matchesPattern(entry: string, origin: string): boolean {
  const star = entry.indexOf('*');
  if (star === -1) return false;
  const [before, after] = [entry.slice(0, star), entry.slice(star + 1)];
  if (!origin.startsWith(before) || !origin.endsWith(after)) return false;
  const end = origin.length - after.length;
  return end > star && WITHIN_LABEL.test(origin.slice(star, end));
}
