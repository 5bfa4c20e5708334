/**
 * Candidates of the URL that Twilio may have signed instead of the expected one: typical changes by proxies,
 * tunnels and typing errors to scheme, host, port, path and query. Without duplicates, the likely ones first.
 */

export interface UrlParts {
  readonly scheme: 'http' | 'https';
  /** IPv6 in brackets. */
  readonly host: string;
  readonly port?: string | undefined;
  readonly path: string;
  /** With its `?`; empty if there is no query. */
  readonly query: string;
}

export interface UrlCandidate {
  readonly parts: UrlParts;
  /** The header that contained a host other than the expected one. */
  readonly hostFrom?: string;
}

export interface CandidateSource {
  /** Without a trailing slash. */
  readonly publicUrl: string;
  /** The path of the route, below `publicUrl`. */
  readonly routePath: string;
  /** The raw request target. */
  readonly target: string;
  /** By lower-case name. */
  readonly headers: ReadonlyMap<string, string>;
  /** The port of this gateway; 0 if unknown. */
  readonly port: number;
}

const HOST = /^((?:[a-z0-9_-]+\.)*[a-z0-9_-]+|\[[0-9a-f:.]+\])(?::(\d{1,5}))?$/i;
const MAX_HOSTS = 4;
const MAX_LEFT_OUT = 4;

export function writeUrl({scheme, host, port, path, query}: UrlParts): string {
  return `${scheme}://${host}${port === undefined ? '' : `:${port}`}${path}${query}`;
}

/** The URL that the configuration implies. */
export function expectedParts({publicUrl, routePath, target}: CandidateSource): UrlParts {
  const {protocol, hostname, port, pathname} = new URL(publicUrl);
  return {
    scheme: protocol === 'http:' ? 'http' : 'https',
    host: hostname,
    port: port === '' ? undefined : port,
    path: pathname.replace(/\/$/, '') + routePath,
    query: splitTarget(target).query,
  };
}

export function splitTarget(target: string): {readonly path: string; readonly query: string} {
  const mark = target.indexOf('?');
  return mark === -1 ? {path: target, query: ''} : {path: target.slice(0, mark), query: target.slice(mark)};
}

/** All candidates, starting with the expected one. */
export function urlCandidates(source: CandidateSource): readonly UrlCandidate[] {
  const expected = expectedParts(source);
  const hosts = namedHosts(source.headers);
  const ports = portsOf(source, hosts);
  const flipped = expected.scheme === 'https' ? 'http' : 'https';
  const paths = pathsOf(source, expected.path);
  const withHost = (more: (host: NamedHost) => readonly Partial<UrlParts>[]): UrlCandidate[] =>
    hosts.flatMap((named) =>
      more(named).map((changed) => ({
        parts: {...expected, host: named.host, ...changed},
        ...(named.host === expected.host ? {} : {hostFrom: named.from}),
      })),
    );
  const alone = (changes: readonly Partial<UrlParts>[]): UrlCandidate[] =>
    changes.map((changed) => ({parts: {...expected, ...changed}}));
  const [nearPath] = paths;
  return distinct([
    ...alone([{}, {port: undefined}]),
    ...withHost(({port}) => [
      {scheme: 'https', port: undefined},
      {scheme: 'https', port},
      {scheme: 'http', port},
    ]),
    ...alone([{scheme: flipped}, {scheme: flipped, port: undefined}]),
    ...alone(paths.map((path) => ({path}))),
    ...alone([{port: '443'}, {scheme: 'http', port: '80'}]),
    ...alone(queriesOf(expected.query).map((query) => ({query}))),
    ...alone(ports.flatMap((port) => [{port}, {scheme: flipped, port}])),
    ...withHost(() => paths.map((path) => ({scheme: 'https', port: undefined, path}))),
    ...alone(nearPath === undefined ? [] : [{scheme: flipped, path: nearPath}]),
    ...withHost(() => [
      {scheme: 'https', port: '443'},
      ...ports.map((port) => ({scheme: 'https', port}) as const),
    ]),
  ]);
}

interface NamedHost {
  readonly host: string;
  readonly port: string | undefined;
  /** The name of the header, as people write it. */
  readonly from: string;
}

/** The hosts in the request's own headers. The sender chooses them, so they prove nothing. */
function namedHosts(headers: ReadonlyMap<string, string>): readonly NamedHost[] {
  const forwarded = [...(headers.get('forwarded') ?? '').matchAll(/(?:^|[;,\s])host="?([^";,\s]+)/gi)];
  const found = [
    ...(headers.get('x-forwarded-host') ?? '').split(',').map((text) => ['X-Forwarded-Host', text] as const),
    ...forwarded.map(([, text = '']) => ['Forwarded', text] as const),
    ['X-Original-Host', headers.get('x-original-host') ?? ''] as const,
    ['Host', headers.get('host') ?? ''] as const,
  ];
  const hosts = new Map<string, NamedHost>();
  for (const [from, text] of found) {
    const [, host, port] = HOST.exec(text.trim()) ?? [];
    if (host === undefined || hosts.size === MAX_HOSTS) continue;
    const key = `${host.toLowerCase()}:${port ?? ''}`;
    if (!hosts.has(key)) hosts.set(key, {host: host.toLowerCase(), port, from});
  }
  return [...hosts.values()];
}

function portsOf({headers, port}: CandidateSource, hosts: readonly NamedHost[]): readonly string[] {
  const forwarded = /^\d{1,5}/.exec(headers.get('x-forwarded-port') ?? '')?.[0];
  const found = [...hosts.map((host) => host.port), forwarded, port === 0 ? undefined : String(port)];
  return [...new Set(found)].filter((each) => each !== undefined).slice(0, MAX_HOSTS);
}

/** Paths other than the expected one. */
function pathsOf(
  {publicUrl, routePath, target, headers}: CandidateSource,
  expected: string,
): readonly string[] {
  const came = splitTarget(target).path;
  const basePath = new URL(publicUrl).pathname.replace(/\/$/, '');
  const prefix = /^\/[\w./~-]{1,200}$/.exec(headers.get('x-forwarded-prefix') ?? '')?.[0].replace(/\/$/, '');
  const found = [
    came,
    `${expected}/`,
    ...(prefix === undefined ? [] : [prefix + routePath, prefix + came]),
    ...(basePath === '' ? [] : [routePath, basePath + came, basePath + expected]),
    `${basePath}/${routePath}`,
    expected.toLowerCase(),
    came.endsWith('/') ? came.slice(0, -1) : `${came}/`,
  ];
  return [...new Set(found)].filter((path) => path !== expected);
}

/** Variants of the received query: with parts removed or added, or encoded in another way. */
function queriesOf(query: string): readonly string[] {
  if (query === '' || query === '?') return [query === '' ? '?' : ''];
  const pairs = query.slice(1).split('&');
  const leftOut = pairs.slice(0, MAX_LEFT_OUT).map((_, at) => asQuery(pairs.toSpliced(at, 1)));
  const found = [
    '',
    query.replaceAll('%20', '+'),
    query.replaceAll('+', '%20'),
    query.replaceAll('+', '%2B'),
    decoded(query),
    query.replaceAll(/%[0-9a-f]{2}/gi, (byte) => byte.toUpperCase()),
    query.replaceAll(/%[0-9a-f]{2}/gi, (byte) => byte.toLowerCase()),
    asQuery([new URLSearchParams(query).toString()]),
    ...(pairs.length > 1 ? leftOut : []),
    asQuery(pairs.filter((pair) => pair !== '')),
    asQuery(pairs.toSorted()),
    asQuery(pairs.toReversed()),
  ];
  return [...new Set(found)].filter((each) => each !== query);
}

function asQuery(pairs: readonly string[]): string {
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`;
}

function decoded(query: string): string {
  try {
    return decodeURIComponent(query);
  } catch {
    return query;
  }
}

function distinct(candidates: readonly UrlCandidate[]): readonly UrlCandidate[] {
  const byUrl = new Map<string, UrlCandidate>();
  for (const candidate of candidates) {
    const url = writeUrl(candidate.parts);
    if (!byUrl.has(url)) byUrl.set(url, candidate);
  }
  return [...byUrl.values()];
}

/** A short description of the difference. */
export function describeDifference({parts, hostFrom}: UrlCandidate, expected: UrlParts): string {
  const {scheme, host, port, path, query} = parts;
  const words = [
    scheme === expected.scheme ? '' : `${scheme} instead of ${expected.scheme}`,
    host === expected.host ? '' : `host ${host}${hostFrom === undefined ? '' : ` (from ${hostFrom})`}`,
    port === expected.port ? '' : port === undefined ? 'without the port' : `with port ${port}`,
    path === expected.path ? '' : describePath(path, expected.path),
    query === expected.query ? '' : describeQuery(query, expected.query),
  ].filter((word) => word !== '');
  return words.length === 0 ? 'as expected' : words.join(', ');
}

function describeQuery(query: string, expected: string): string {
  if (query === '') return 'without the query';
  return isReordered(query, expected)
    ? 'the query parameters in another order'
    : 'another encoding of the query';
}

/** Whether two queries have the same parameters, in the same encoding, in different orders. */
export function isReordered(query: string, other: string): boolean {
  const sorted = (text: string) => text.slice(1).split('&').toSorted().join('&');
  return query !== other && sorted(query) === sorted(other);
}

function describePath(path: string, expected: string): string {
  if (path === `${expected}/`) return 'a slash at the end of the path';
  if (path.toLowerCase() === expected.toLowerCase()) return 'other case in the path';
  return `path ${path}`;
}
