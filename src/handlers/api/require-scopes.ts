/** A route for those whose token has certain scopes. */
import type {Scope} from '@hookswitch/protocol';
import type {RequestHandler} from 'express';
import {hasScope} from '../../auth/authenticator.ts';
import {AppError} from '../../errors/app-error.ts';
import {principalOf} from '../http/request-context.ts';

/** Lets those pass that have all of them; the others are told the first that is missing. Stands behind the authentication. */
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
