/**
 * The port for requests to a public URL as a stranger would make them. Redirects are not followed, everything
 * is bounded, and every result is an outcome. Only used for PUBLIC_URL, never for a URL from a request.
 */

/** A raw HTTP response. */
export interface ProbeAnswer {
  readonly status: number;
  /** Names in lower case. Repeated headers are joined. */
  readonly headers: Readonly<Record<string, string>>;
  /** The first 16 KiB. */
  readonly body: string;
  /** The address that responded. */
  readonly address?: string;
}

/** No response. `code` is Node's (`ENOTFOUND`, `CERT_HAS_EXPIRED`), or `ABORTED` after the timeout. */
export interface ProbeFailure {
  readonly kind: 'failed';
  readonly code: string;
  readonly message: string;
}

export type ProbeGet = {readonly kind: 'answered'; readonly answer: ProbeAnswer} | ProbeFailure;

export type ProbeSocket =
  /** The socket opened, and the server closed it. */
  | {readonly kind: 'closed'; readonly code: number; readonly reason: string; readonly protocol: string}
  /** The socket opened, and the server sent a message. */
  | {readonly kind: 'spoke'; readonly protocol: string}
  /** The socket opened, but nothing arrived before the timeout. */
  | {readonly kind: 'silent'; readonly protocol: string}
  /** The server sent an ordinary response instead of the upgrade. */
  | {readonly kind: 'refused'; readonly answer: ProbeAnswer}
  | ProbeFailure;

export interface PublicEndpointProbe {
  /** Sends a GET request. Redirects are ordinary responses. */
  get(url: string, options: {readonly userAgent: string; readonly signal: AbortSignal}): Promise<ProbeGet>;
  /** Opens a WebSocket and observes it. */
  openSocket(
    url: string,
    options: {readonly protocols: readonly string[]; readonly signal: AbortSignal},
  ): Promise<ProbeSocket>;
}
