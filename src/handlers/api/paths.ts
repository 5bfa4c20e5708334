/** What routers say of a path: one spelling is it, and which methods it takes. */
import type {RequestHandler} from 'express';
import {AppError} from '../../errors/app-error.ts';

/**
 * For every router: `/Twilio/Status/` is not `/twilio/status`. What a webhook was signed for is one spelling of a path,
 * and whoever guards a path in front of us compares it as it is.
 */
export const exactPaths = {caseSensitive: true, strict: true} as const;

/** Stands behind a path's own methods and answers all others (RFC 9110, section 15.5.6). */
export function only(...methods: readonly ('GET' | 'POST' | 'PUT')[]): RequestHandler {
  const allow = methods.flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method])).join(', ');
  return ({method, path}, response) => {
    response.set('Allow', allow);
    if (method !== 'OPTIONS') {
      throw new AppError('method_not_allowed', `${path} takes ${allow}.`, {context: {method, path}});
    }
    response.status(204).end();
  };
}
