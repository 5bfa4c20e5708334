/** Protects a route with scopes. */
import type {Scope} from '@hookswitch/protocol';
import type {RequestHandler} from 'express';
import {hasScope} from '../../auth/authenticator.ts';
import {AppError} from '../../errors/app-error.ts';
import {principalOf} from '../http/request-context.ts';

/**
 * Accepts callers with all scopes. The error names the first missing scope. Comes after the authentication.
 */
export function requireScopes(...scopes: readonly Scope[]): RequestHandler {
  return (_request, response, next) => {
    const principal = principalOf(response);
    const scope = scopes.find((each) => !hasScope(principal, each));
    if (scope !== undefined) {
      throw new AppError('forbidden', `This needs a token with the scope ${scope}.`, {context: {scope}});
    }
    next();
  };
}
