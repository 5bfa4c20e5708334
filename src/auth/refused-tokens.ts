/**
 * Says in the log why tokens were refused (A2), which no answer does. A flood of bad tokens fills no disk, and of one
 * reason it hides no other: each has its own allowance, and the next line says how many went without one. Nothing of the
 * token is logged, since it may be a good one of another service.
 */
import type {Logger} from 'pino';
import type {Clock} from '../clock.ts';
import {TokenBucket} from '../rate-limit/token-bucket.ts';

/** What part of a token was at fault. There are few of them, so that what is kept is bounded. */
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
  /** A sentence for the operator, without anything of the token. */
  readonly detail: string;
}

/** Lines of one reason. */
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
