/**
 * Requests to Twilio's paths, or to similar paths, that are not webhooks: other methods and misspelled paths.
 * They are refused like any other such request, and recorded so that an operator can see why no webhooks
 * arrive. Valid webhooks never get here: see `webhook-handler.ts`.
 */
import {type Request, type RequestHandler, Router} from 'express';
import {STATUS_PATH, VOICE_PATH} from '../../twilio/callback-urls.ts';
import {exactPaths, only} from '../api/paths.ts';
import {WebhookRecord, type WebhookRecorderOptions} from './webhook-recorder.ts';

/**
 * Our paths below any prefix and with common misspellings, so that near misses show up in the webhook log.
 */
const NEARLY_OURS = /(?:^|\/)twilio\/(status|voice)\/*$/i;

export function createUnmatchedWebhookRoutes(options: WebhookRecorderOptions): Router {
  const paths = [STATUS_PATH, VOICE_PATH];
  const router = Router(exactPaths);
  router.all(paths, remember(options, refused), only('POST'));
  // No other route looks like these, so the request continues to the 404 handler.
  router.use(remember(options, () => ({httpStatus: 404, reason: 'no such path'})));
  return router;
}

/** The response that the following handlers will send. */
interface Refusal {
  readonly httpStatus: number;
  readonly reason: string;
}

function refused({method, path}: Request): Refusal {
  return method === 'OPTIONS'
    ? {httpStatus: 204, reason: 'asks for the allowed methods'}
    : {httpStatus: 405, reason: `${path} takes POST, not ${method}.`};
}

function remember(options: WebhookRecorderOptions, refusalOf: (request: Request) => Refusal): RequestHandler {
  return (request, _response, next) => {
    const route = NEARLY_OURS.exec(request.path)?.[1];
    if (route !== undefined) {
      const {httpStatus, reason} = refusalOf(request);
      const record = new WebhookRecord(options, request, {
        route: route.toLowerCase() === 'voice' ? 'voice' : 'status',
        target: request.originalUrl,
      });
      record.refused(reason);
      record.answered({httpStatus, outcome: 'refused'});
    }
    next();
  };
}
