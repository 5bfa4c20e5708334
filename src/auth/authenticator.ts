/** Users and their permissions. Further kinds of tokens implement this interface. */
import type {Scope} from '@hookswitch/protocol';

export interface Principal {
  /** Owner of the calls that this user starts. */
  readonly user: string;
  readonly scopes: ReadonlySet<Scope>;
  /** End of the token, milliseconds since 1970; absent if it never ends. */
  readonly expiresAt?: number;
}

export interface Authenticator {
  /** The principal of a token; `undefined` for any invalid token. Never gives a reason. */
  verify(token: string): Promise<Principal | undefined>;
}

/** Whether the principal has at least one of the scopes. */
export function hasScope(principal: Principal, ...anyOf: readonly Scope[]): boolean {
  return anyOf.some((scope) => principal.scopes.has(scope));
}

/** Whether the principal may see a call: with the scope for all calls, or as its owner. */
export function maySee(principal: Principal, owner: string | undefined): boolean {
  if (hasScope(principal, 'calls:read:all')) return true;
  return hasScope(principal, 'calls:read') && owner === principal.user;
}

/** Whether the principal may control a call that it may see. */
export function mayControl(principal: Principal, owner: string | undefined): boolean {
  if (hasScope(principal, 'calls:control:all')) return true;
  return hasScope(principal, 'calls:control') && owner === principal.user;
}
