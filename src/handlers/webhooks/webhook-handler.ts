/**
 * Twilio's webhooks: verified, parsed, appended, and only then answered (H5). They are the most frequent
 * requests, and Express costs more per request than all of that. So a POST to one of the two paths is handled
 * on `node:http`, before Express. `unmatched-webhook-routes.ts` refuses all other requests to these paths.
 */
import type {IncomingMessage, ServerResponse} from 'node:http';
import type {Logger} from 'pino';
import type {Clock} from '../../clock.ts';
import {AppError} from '../../errors/app-error.ts';
import type {AppendableJournal, AppendResult} from '../../journal/appendable-journal.ts';
import type {DialIntentStore} from '../../journal/dial-intent-store.ts';
import {withoutBasePath} from '../../network/base-path.ts';
import type {Metrics} from '../../observability/metrics.ts';
import {TokenBucket} from '../../rate-limit/token-bucket.ts';
import type {WebhookLog} from '../../services/webhooks/webhook-log.ts';
import type {ClientAddress} from '../../transport/client-address.ts';
import {STATUS_PATH, statusCallbackUrl, VOICE_PATH} from '../../twilio/callback-urls.ts';
import {connectTwiml} from '../../twilio/twiml.ts';
import {authenticateWebhook, toStatusEvent, type WebhookResult} from '../../twilio/webhook/webhook.ts';
import {logError, sendProblem, toKnownError} from '../http/http-errors.ts';
import {beginRequest} from '../http/request-context.ts';
import {readFormBody} from './form-body.ts';
import {WebhookRecord} from './webhook-recorder.ts';

export interface WebhookHandlerOptions {
  readonly journal: AppendableJournal & DialIntentStore;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Records requests for the operator. */
  readonly webhooks: WebhookLog;
  readonly clientAddress: ClientAddress;
  /** Without a trailing slash. */
  readonly publicUrl: string;
  /** Path of PUBLIC_URL; empty when it has none. */
  readonly basePath: string;
  readonly accountSid: string;
  /** The token, and the one that is being rotated in or out. */
  readonly authTokens: readonly string[];
  /** Played to calls that have no TwiML of their own. */
  readonly voiceTwiml: string;
  readonly callTimeLimitS: number;
}

/** Returns `true` if the request is a webhook and is being handled; otherwise leaves it untouched. */
export type WebhookHandler = (request: IncomingMessage, response: ServerResponse) => boolean;

/**
 * Limit of refusals that are logged one by one, so that a flood does not fill the disk. The next line has the
 * count.
 */
const LOGGED_REFUSALS = {burst: 50, perMinute: 60};

interface Intake extends WebhookHandlerOptions {
  readonly refusals: {readonly lines: TokenBucket; unlogged: number};
}

/** `POST /twilio/status` and `POST /twilio/voice`. */
export function createWebhookHandler(options: WebhookHandlerOptions): WebhookHandler {
  const lines = new TokenBucket({...LOGGED_REFUSALS, at: options.clock.monotonic()});
  const intake: Intake = {...options, refusals: {lines, unlogged: 0}};
  return (request, response) => {
    const route = request.method === 'POST' ? routeOf(request.url ?? '', options.basePath) : undefined;
    if (route === undefined) return false;
    void handle(intake, request, response, route);
    return true;
  };
}

interface Route {
  readonly name: 'status' | 'voice';
  readonly path: string;
  /** With its question mark; empty when there is none. */
  readonly query: string;
}

/**
 * Finds the route of a webhook. An HTTP client may send the whole URL as the target (RFC 9112, section 3.2.2). Apart from
 * that and the base path, each path has exactly one spelling.
 */
function routeOf(target: string, basePath: string): Route | undefined {
  const below = target.startsWith('/') ? target : target.replace(/^https?:\/\/[^/?#]*/i, '');
  const local = withoutBasePath(below, basePath);
  const mark = local.indexOf('?');
  const path = mark === -1 ? local : local.slice(0, mark);
  const query = mark === -1 ? '' : local.slice(mark);
  if (path === STATUS_PATH) return {name: 'status', path, query};
  return path === VOICE_PATH ? {name: 'voice', path, query} : undefined;
}

async function handle(
  intake: Intake,
  request: IncomingMessage,
  response: ServerResponse,
  route: Route,
): Promise<void> {
  const {logger, clock} = intake;
  const requestId = beginRequest(response, {logger, clock, method: 'POST', path: route.path});
  const record = new WebhookRecord(intake, request, {route: route.name, target: request.url ?? ''});
  try {
    const twiml = await receive(intake, record, route);
    record.answered({httpStatus: twiml === undefined ? 204 : 200, outcome: 'accepted'});
    if (twiml === undefined) response.writeHead(204).end();
    else sendTwiml(response, twiml);
  } catch (thrown) {
    const error = toKnownError(thrown);
    record.refused(error.message);
    const outcome = error.status >= 500 ? 'failed' : 'refused';
    record.answered({httpStatus: error.status, outcome});
    logError(logger, error, requestId);
    sendProblem(response, error, requestId);
  }
}

function sendTwiml(response: ServerResponse, twiml: string): void {
  const headers = {'Content-Type': 'text/xml; charset=utf-8', 'Content-Length': Buffer.byteLength(twiml)};
  response.writeHead(200, headers).end(twiml);
}

/** Appends the event to the journal. Returns the TwiML if the route is `voice`. @throws AppError */
async function receive(intake: Intake, record: WebhookRecord, route: Route): Promise<string | undefined> {
  // This check comes first, so that a stranger learns nothing about the format of a webhook and sends a body
  // for nothing.
  if (record.request.headers['x-twilio-signature'] === undefined)
    throw refuse(intake, record, 'no signature');
  const body = await readFormBody(record.request);
  record.read(body);
  const {reference} = await append(intake, record, {...route, body});
  return route.name === 'voice' ? twimlFor(intake, reference) : undefined;
}

async function append(intake: Intake, record: WebhookRecord, route: Route & {readonly body: string}) {
  const {clock, metrics} = intake;
  const receivedAt = clock.now();
  const webhook = authenticate(intake, record, route);
  const startedAt = clock.monotonic();
  const event = toStatusEvent({...webhook, receivedAt, route: route.name});
  const {callSid, providerStatus} = event;
  record.authenticated({callSid, providerStatus});
  let result: AppendResult;
  try {
    result = await intake.journal.append(event);
  } catch (error) {
    metrics.callbacks.inc({verdict: 'unavailable'});
    throw error;
  }
  metrics.appendSeconds.observe((clock.monotonic() - startedAt) / 1000);
  const {offset} = result.entry;
  const verdict = result.repeated ? 'duplicate' : result.entry.verdict;
  metrics.callbacks.inc({verdict});
  record.appended({verdict, offset});
  intake.logger.debug({callSid, providerStatus, verdict, offset, route: route.name}, 'webhook');
  return webhook;
}

/** The TwiML of the intent that placed the call, or the configured TwiML for all other calls. */
async function twimlFor(
  {journal, voiceTwiml, publicUrl, callTimeLimitS}: Intake,
  reference: string | undefined,
): Promise<string> {
  const intent = reference === undefined ? undefined : await journal.findIntent(reference);
  if (intent?.connectTo === undefined) return voiceTwiml;
  return connectTwiml({
    to: intent.connectTo,
    callerId: intent.from,
    statusCallback: statusCallbackUrl(publicUrl, intent.reference),
    timeLimit: callTimeLimitS,
  });
}

function authenticate(
  intake: Intake,
  record: WebhookRecord,
  {path, query, body}: Route & {readonly body: string},
) {
  const {publicUrl, accountSid, authTokens} = intake;
  const signature = record.request.headers['x-twilio-signature'];
  const result: WebhookResult = authenticateWebhook({
    publicUrl,
    // Our own path, whichever prefix a proxy added, and the query exactly as received.
    pathAndQuery: path + query,
    signatureHeader: typeof signature === 'string' ? signature : undefined,
    body,
    authTokens,
    accountSid,
  });
  if (result.kind === 'authentic') return result;
  const notSigned = refuse(intake, record, result.reason);
  if (result.kind === 'forbidden') throw notSigned;
  throw new AppError(
    'invalid_request',
    'The webhook is signed, but the call it is about cannot be identified.',
    {
      context: {reason: result.reason},
    },
  );
}

/** Logs and counts the refusal. The sender does not learn the reason: it is only in the log. */
function refuse(intake: Intake, record: WebhookRecord, reason: string): AppError {
  const {metrics, logger, clock, refusals, clientAddress} = intake;
  record.refused(reason);
  metrics.callbacks.inc({verdict: 'refused'});
  if (refusals.lines.take(clock.monotonic())) {
    const unlogged = refusals.unlogged === 0 ? undefined : refusals.unlogged;
    refusals.unlogged = 0;
    const {request, route} = record;
    const details = {path: `/twilio/${route}`, reason, address: clientAddress(request), unlogged};
    logger.warn(details, 'webhook refused');
  } else refusals.unlogged += 1;
  return new AppError('invalid_signature', 'The request is not signed by Twilio for this URL.');
}
