/** Path rules of all routers: exact spelling and allowed methods. */
import type {RequestHandler} from 'express';
import {AppError} from '../../errors/app-error.ts';

/**
 * For every router: `/Twilio/Status/` is not `/twilio/status`. A webhook is signed for one spelling of a
 * path, and a proxy that protects a path compares it literally.
 */
export const exactPaths = {caseSensitive: true, strict: true} as const;

/** Comes after a path's own methods and answers all others (RFC 9110, section 15.5.6). */
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
