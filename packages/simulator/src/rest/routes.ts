import type {ApiReply} from './api-reply.ts';

export interface ApiRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly form: URLSearchParams;
  readonly authorization: string | undefined;
}

/** A request with its route's parameters. */
export interface RoutedRequest extends ApiRequest {
  /** The values of the route's `:names`. */
  readonly params: Readonly<Record<string, string>>;
  /** The number of the request among those of its operation, for the faults. */
  readonly number: number;
}

export type Handler = (request: RoutedRequest) => ApiReply | Promise<ApiReply>;

/** A path and its methods. A HEAD request gets the response to GET without the body. */
export interface Route {
  /** The path below `/2010-04-01`, with `:names` for sids. Case-sensitive, as at Twilio. */
  readonly path: string;
  /** Not available to API keys: accounts and keys (Twilio docs: "API keys overview"). */
  readonly mainOnly?: boolean;
  /** Needs no credentials. */
  readonly isPublic?: boolean;
  readonly GET?: Handler;
  readonly POST?: Handler;
  readonly DELETE?: Handler;
}

export interface RouteMatch {
  readonly route: Route;
  readonly params: Readonly<Record<string, string>>;
}

/** Finds routes by path. */
export class RouteTable {
  readonly #routes: readonly {readonly route: Route; readonly pattern: RegExp}[];

  constructor(routes: readonly Route[]) {
    this.#routes = routes.map((route) => ({route, pattern: patternOf(route.path)}));
  }

  find(path: string): RouteMatch | null {
    for (const {route, pattern} of this.#routes) {
      const match = pattern.exec(path);
      if (match !== null) return {route, params: {...match.groups}};
    }
    return null;
  }
}

/** `Twilio.CURRENT` is the only value with a dot that can replace a sid. */
function patternOf(path: string): RegExp {
  const escaped = path.replaceAll('.', '\\.');
  return new RegExp(`^${escaped.replace(/:(\w+)/g, '(?<$1>\\w+|Twilio\\.CURRENT)')}$`);
}
