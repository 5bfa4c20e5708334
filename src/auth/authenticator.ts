/** Who somebody is, and what they may do: the seam where further kinds of tokens join. */
import type {Scope} from '@hookswitch/protocol';

export interface Principal {
  /** Owns the calls it starts. */
  readonly user: string;
  readonly scopes: ReadonlySet<Scope>;
  /** When the token runs out, milliseconds since 1970; absent: never. */
  readonly expiresAt?: number;
}

export interface Authenticator {
  /** The principal a token stands for, or `undefined` for any token that is not valid now. Never says why. */
  verify(token: string): Promise<Principal | undefined>;
}

/** Whether the principal has at least one of the scopes. */
export function hasScope(principal: Principal, ...anyOf: readonly Scope[]): boolean {
  return anyOf.some((scope) => principal.scopes.has(scope));
}

/** Whether the principal may see a call: everybody's, or one that is theirs. */
export function maySee(principal: Principal, owner: string | undefined): boolean {
  if (hasScope(principal, 'calls:read:all')) return true;
  return hasScope(principal, 'calls:read') && owner === principal.user;
}

/** Whether the principal may act on a call that it may see. */
export function mayControl(principal: Principal, owner: string | undefined): boolean {
  if (hasScope(principal, 'calls:control:all')) return true;
  return hasScope(principal, 'calls:control') && owner === principal.user;
}
