/** `/api/webhooks`: the latest requests to the webhook routes, and why a signature did not match (H7). */
import type {WebhookDetail, WebhookPage} from '@hookswitch/protocol';
import {type Request, type Response, Router} from 'express';
import {z} from 'zod';
import type {Authenticator} from '../../auth/authenticator.ts';
import {AppError} from '../../errors/app-error.ts';
import type {WebhookEntry, WebhookLog} from '../../services/webhooks/webhook-log.ts';
import {bodyOf, headersOf, toWebhookDetail, toWebhookRecord} from '../../services/webhooks/webhook-view.ts';
import {STATUS_PATH, VOICE_PATH} from '../../twilio/callback-urls.ts';
import {diagnose} from '../../twilio/diagnosis/signature-diagnosis.ts';
import {createAuthentication} from '../http/request-context.ts';
import {exactPaths, only} from './paths.ts';
import {numericCursor, pageLimit, parseInput, unlessEmpty} from './request-input.ts';
import {requireScopes} from './require-scopes.ts';

export interface WebhookLogRoutesOptions {
  readonly webhooks: WebhookLog;
  readonly authenticator: Authenticator;
  /** Without a trailing slash. */
  readonly publicUrl: string;
  readonly accountSid: string;
  readonly authTokens: readonly string[];
  /** The port of this gateway; 0 if unknown. */
  readonly port: number;
}

const WEBHOOKS = '/api/webhooks';
const WEBHOOK = `${WEBHOOKS}/:id` as const;

/** The log shows the gateway's own traffic and everybody's calls, so it needs both scopes. */
const SCOPES = ['sessions:read', 'calls:read:all'] as const;

const id = unlessEmpty(
  z
    .string()
    .regex(/^\d{1,15}$/, 'must be the id of a webhook')
    .transform(Number)
    .optional(),
);

/** Parameters that are not in the list are ignored. */
const webhooksQuery = z.object({
  outcome: unlessEmpty(z.enum(['accepted', 'refused', 'failed']).optional()),
  q: z.string().max(200).optional(),
  after: id,
  before: numericCursor,
  limit: pageLimit,
});

export function createWebhookLogRoutes(options: WebhookLogRoutesOptions): Router {
  const {webhooks} = options;
  const router = Router(exactPaths);
  const mayLook = [createAuthentication(options.authenticator), requireScopes(...SCOPES)];

  router.get(WEBHOOKS, mayLook, (request: Request, response: Response) => {
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

  router.get(WEBHOOK, mayLook, (request: Request, response: Response) => {
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

/**
 * For requests that were refused because of their signature, and for signed requests that are not valid
 * webhooks, such as those to a wrong path.
 */
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
