/** `/api/webhooks`: what came to the webhook routes lately, and why a signature did not match (H7). */
import type {WebhookDetail, WebhookPage} from '@hookswitch/protocol';
import {type RequestHandler, Router} from 'express';
import {z} from 'zod';
import {type Authenticator, hasScope} from '../auth/authenticator.ts';
import {AppError} from '../errors/app-error.ts';
import type {WebhookEntry, WebhookLog} from '../services/webhook-log.ts';
import {bodyOf, headersOf, toWebhookDetail, toWebhookRecord} from '../services/webhook-view.ts';
import {STATUS_PATH, VOICE_PATH} from '../twilio/callback-urls.ts';
import {diagnose} from '../twilio/diagnose.ts';
import {parseInput} from './call-requests.ts';
import {exactPaths, only} from './paths.ts';
import {createAuthentication, principalOf} from './request-context.ts';

export interface WebhookLogRoutesOptions {
  readonly webhooks: WebhookLog;
  readonly authenticator: Authenticator;
  /** Without a trailing slash. */
  readonly publicUrl: string;
  readonly accountSid: string;
  readonly authTokens: readonly string[];
  /** The port we listen on; 0 when that is not known. */
  readonly port: number;
}

const WEBHOOKS = '/api/webhooks';
const WEBHOOK = `${WEBHOOKS}/:id` as const;
const MAX_PAGE = 200;

/** The gateway's own traffic, and in it everybody's calls: it takes both. */
const SCOPES = ['sessions:read', 'calls:read:all'] as const;

/** A form sends its empty fields too. */
function unlessEmpty<T>(schema: z.ZodType<T>) {
  return z.preprocess((value) => (value === '' ? undefined : value), schema);
}

function webhookId(fault: string) {
  return unlessEmpty(
    z
      .string()
      .regex(/^\d{1,15}$/, fault)
      .transform(Number)
      .optional(),
  );
}

/** Parameters that are not in the list ask nothing of us. */
const webhooksQuery = z.object({
  outcome: unlessEmpty(z.enum(['accepted', 'refused', 'failed']).optional()),
  q: z.string().max(200).optional(),
  after: webhookId('must be the id of a webhook'),
  before: webhookId('must be a nextCursor of an earlier answer'),
  limit: unlessEmpty(
    z.coerce
      .number()
      .min(1)
      .refine(Number.isInteger, 'must be a whole number')
      .transform((limit) => Math.min(limit, MAX_PAGE))
      .default(50),
  ),
});

/** Behind the authentication. @throws AppError `forbidden`, naming the first scope that is missing */
const requireScopes: RequestHandler = (_request, response, next) => {
  const missing = SCOPES.find((scope) => !hasScope(principalOf(response), scope));
  if (missing !== undefined) {
    throw new AppError('forbidden', `Looking at webhooks takes the scope ${missing}.`, {
      context: {scope: missing},
    });
  }
  next();
};

export function createWebhookLogRoutes(options: WebhookLogRoutesOptions): Router {
  const {webhooks} = options;
  const router = Router(exactPaths);
  const authenticate = createAuthentication(options.authenticator);

  router.get(WEBHOOKS, authenticate, requireScopes, (request, response) => {
    const {entries, more} = webhooks.find(parseInput(webhooksQuery, request.query));
    const last = entries.at(-1);
    const page: WebhookPage = {
      webhooks: entries.map(toWebhookRecord),
      ...(more && last !== undefined ? {nextCursor: String(last.id)} : {}),
      latest: webhooks.latest,
      counts: webhooks.counts,
    };
    response.json(page);
  });

  router.get(WEBHOOK, authenticate, requireScopes, (request, response) => {
    const id = String(request.params['id']);
    const entry = /^\d{1,15}$/.test(id) ? webhooks.get(Number(id)) : undefined;
    if (entry === undefined) {
      throw new AppError('not_found', 'There is no such webhook, or it is no longer kept.', {
        context: {id: id.slice(0, 64)},
      });
    }
    const detail: WebhookDetail = {...toWebhookDetail(entry), ...diagnosisOf(options, entry)};
    response.json(detail);
  });

  router.all([WEBHOOKS, WEBHOOK], only('GET'));
  return router;
}

/** Of what was refused for its signature, or claims to be signed and came in another way than webhooks do. */
function diagnosisOf(
  {webhooks, publicUrl, accountSid, authTokens, port}: WebhookLogRoutesOptions,
  {webhook}: WebhookEntry,
): Pick<WebhookDetail, 'diagnosis'> {
  const {httpStatus, method, route, path: target} = webhook;
  const headers = headersOf(webhook);
  const isSigned = headers.has('x-twilio-signature');
  if (httpStatus !== 403 && !(isSigned && [404, 405, 415].includes(httpStatus))) return {};
  const diagnosis = diagnose({
    publicUrl,
    accountSid,
    authTokens,
    port,
    routePath: route === 'voice' ? VOICE_PATH : STATUS_PATH,
    target,
    method,
    httpStatus,
    headers,
    body: bodyOf(webhook),
    tokenProven: webhooks.counts.accepted > 0,
  });
  return {diagnosis};
}
