/** A route for those who have one scope. */
import type {Scope} from '@hookswitch/protocol';
import type {RequestHandler} from 'express';
import {hasScope} from '../auth/authenticator.ts';
import {AppError} from '../errors/app-error.ts';
import {principalOf} from './request-context.ts';

/** Stands behind the authentication. */
export function requireScope(scope: Scope): RequestHandler {
  return (_request, response, next) => {
    if (!hasScope(principalOf(response), scope)) {
      throw new AppError('forbidden', `This needs a token with the scope ${scope}.`, {context: {scope}});
    }
    next();
  };
}
