/**
 * Logs why tokens were refused (A2), because responses do not say. A flood of invalid tokens cannot fill the
 * disk, and reasons do not hide each other: each reason has its own limit, and its next line contains the
 * count of unlogged refusals. No part of the token is logged, because it may be a valid token of another
 * service.
 */
import type {Logger} from 'pino';
import type {Clock} from '../clock.ts';
import {TokenBucket} from '../rate-limit/token-bucket.ts';

/** The invalid part of a token. The list is short, so memory is bounded. */
export type RefusalReason =
  | 'access-key'
  | 'form'
  | 'header'
  | 'key'
  | 'signature'
  | 'claims'
  | 'exp'
  | 'nbf'
  | 'iat'
  | 'sub'
  | 'scope'
  | 'iss'
  | 'aud'
  | 'timeout'
  | 'crowd'
  | 'other';

export interface TokenRefusal {
  readonly reason: RefusalReason;
  /** A sentence for the operator, without any part of the token. */
  readonly detail: string;
}

/** Limit of log lines for one reason. */
const LINES = {burst: 10, perMinute: 10};

export interface RefusedTokensOptions {
  readonly clock: Clock;
  readonly logger: Logger;
}

export class RefusedTokens {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #kept = new Map<RefusalReason, {readonly lines: TokenBucket; unlogged: number}>();

  constructor({clock, logger}: RefusedTokensOptions) {
    this.#clock = clock;
    this.#logger = logger;
  }

  add({reason, detail}: TokenRefusal): void {
    const now = this.#clock.monotonic();
    const kept = this.#kept.get(reason) ?? {lines: new TokenBucket({...LINES, at: now}), unlogged: 0};
    this.#kept.set(reason, kept);
    if (!kept.lines.take(now)) {
      kept.unlogged += 1;
      return;
    }
    const unlogged = kept.unlogged === 0 ? undefined : kept.unlogged;
    kept.unlogged = 0;
    this.#logger.info({reason, detail, unlogged}, 'token refused');
  }
}
