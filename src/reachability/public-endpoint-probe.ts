/**
 * Asking a URL the way strangers would, as a port: nothing is followed, nothing is trusted, everything is bounded, and
 * whatever comes back is an outcome. It is asked for PUBLIC_URL only; no URL of a request's ever gets here.
 */

/** An HTTP answer as it came. */
export interface ProbeAnswer {
  readonly status: number;
  /** Lower case; repeated ones are joined. */
  readonly headers: Readonly<Record<string, string>>;
  /** The first 16 KiB. */
  readonly body: string;
  /** The address that answered. */
  readonly address?: string;
}

/** No answer: `code` is Node's (`ENOTFOUND`, `CERT_HAS_EXPIRED`), or `ABORTED` when the time was up. */
export interface ProbeFailure {
  readonly kind: 'failed';
  readonly code: string;
  readonly message: string;
}

export type ProbeGet = {readonly kind: 'answered'; readonly answer: ProbeAnswer} | ProbeFailure;

export type ProbeSocket =
  /** It opened, and was closed by the other side. */
  | {readonly kind: 'closed'; readonly code: number; readonly reason: string; readonly protocol: string}
  /** It opened, and sent something instead. */
  | {readonly kind: 'spoke'; readonly protocol: string}
  /** It opened, and nothing came until the time was up. */
  | {readonly kind: 'silent'; readonly protocol: string}
  /** Answered as a request instead of an upgrade. */
  | {readonly kind: 'refused'; readonly answer: ProbeAnswer}
  | ProbeFailure;

export interface PublicEndpointProbe {
  /** GET; redirects are answers like others. */
  get(url: string, options: {readonly userAgent: string; readonly signal: AbortSignal}): Promise<ProbeGet>;
  /** Opens a WebSocket, and sees what becomes of it. */
  openSocket(
    url: string,
    options: {readonly protocols: readonly string[]; readonly signal: AbortSignal},
  ): Promise<ProbeSocket>;
}
