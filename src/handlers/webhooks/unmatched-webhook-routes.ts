/**
 * What comes to Twilio's paths, or next to them, and is no webhook: other methods, paths misspelt. It is refused like
 * everything else of that kind, and remembered for whoever wonders why nothing arrives. Webhooks themselves never get
 * here: see `webhook-intake.ts`.
 */
import {type Request, type RequestHandler, Router} from 'express';
import {STATUS_PATH, VOICE_PATH} from '../../twilio/callback-urls.ts';
import {exactPaths, only} from '../api/paths.ts';
import {arrive, recordAnswer, type WebhookRecorderOptions} from './webhook-recorder.ts';

/** Our paths, below whatever prefix and however misspelt: what a typing error sends next to them is looked for here. */
const NEARLY_OURS = /(?:^|\/)twilio\/(status|voice)\/*$/i;

export function createUnmatchedWebhookRoutes(options: WebhookRecorderOptions): Router {
  const paths = [STATUS_PATH, VOICE_PATH];
  const router = Router(exactPaths);
  router.all(paths, remember(options, refused), only('POST'));
  // Nobody else has routes like these: it goes on to be not found.
  router.use(remember(options, () => ({httpStatus: 404, reason: 'no such path'})));
  return router;
}

/** What the answer is going to be: what follows says so too. */
interface Refusal {
  readonly httpStatus: number;
  readonly reason: string;
}

function refused({method, path}: Request): Refusal {
  return method === 'OPTIONS'
    ? {httpStatus: 204, reason: 'asks which methods there are'}
    : {httpStatus: 405, reason: `${path} takes POST, not ${method}.`};
}

function remember(options: WebhookRecorderOptions, refusalOf: (request: Request) => Refusal): RequestHandler {
  return (request, _response, next) => {
    const route = NEARLY_OURS.exec(request.path)?.[1];
    if (route !== undefined) {
      const {httpStatus, reason} = refusalOf(request);
      const arrival = arrive(options, request, {
        route: route.toLowerCase() === 'voice' ? 'voice' : 'status',
        target: request.originalUrl,
      });
      arrival.reason = reason;
      recordAnswer(options, arrival, {httpStatus, outcome: 'refused'});
    }
    next();
  };
}
