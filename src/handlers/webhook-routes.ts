/** Twilio's webhooks: verified, parsed, appended, and only then answered (H5). */
import express, {type Request, type RequestHandler, type Response, Router} from 'express';
import type {Logger} from 'pino';
import type {Clock} from '../clock.ts';
import {AppError} from '../errors/app-error.ts';
import type {AppendResult, Journal} from '../journal/journal.ts';
import type {Metrics} from '../observability/metrics.ts';
import {TokenBucket} from '../services/token-bucket.ts';
import type {WebhookLog} from '../services/webhook-log.ts';
import {STATUS_PATH, statusCallbackUrl, VOICE_PATH} from '../twilio/callback-urls.ts';
import {MAX_FORM_BYTES} from '../twilio/form.ts';
import {connectTwiml} from '../twilio/twiml.ts';
import {authenticateWebhook, toStatusEvent, type WebhookResult} from '../twilio/webhook.ts';
import {exactPaths, only} from './paths.ts';
import {
  arrivalOf,
  createArrival,
  createErrorRecorder,
  createRefusalRecorder,
  recordAnswer,
} from './webhook-recorder.ts';

export interface WebhookRoutesOptions {
  readonly journal: Journal;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Remembers what came, for whoever operates the gateway. */
  readonly webhooks: WebhookLog;
  /** Without a trailing slash. */
  readonly publicUrl: string;
  readonly accountSid: string;
  /** The token, and the one that is being rotated in or out. */
  readonly authTokens: readonly string[];
  /** What a call hears that has no TwiML of its own. */
  readonly voiceTwiml: string;
  readonly callTimeLimitS: number;
}

/** Refusals that are logged one by one. A flood of them fills metrics, not disks: the next line says how many went without. */
const LOGGED_REFUSALS = {burst: 50, perMinute: 60};

interface Routes extends WebhookRoutesOptions {
  readonly refusals: {readonly lines: TokenBucket; unlogged: number};
}

const FORM_TYPE = 'application/x-www-form-urlencoded';

/** The body as bytes: nothing parses it before its signature is known to be good. */
const readBody = express.raw({type: FORM_TYPE, limit: MAX_FORM_BYTES, inflate: false});

/**
 * First of all: whoever does not even claim to be Twilio learns nothing about what a webhook looks like, and sends a
 * body for nothing.
 */
function requireSignature(options: Routes): RequestHandler {
  return (request, response, next) => {
    if (request.headers['x-twilio-signature'] === undefined) {
      noteRefusal(options, request, response, 'no signature');
      throw notSigned();
    }
    next();
  };
}

const requireForm: RequestHandler = (request, _response, next) => {
  if (!request.is(FORM_TYPE)) {
    throw new AppError('unsupported_media_type', `Webhooks are ${FORM_TYPE}.`, {
      context: {contentType: request.headers['content-type']},
    });
  }
  next();
};

/** `POST /twilio/status` and `POST /twilio/voice`. */
export function createWebhookRoutes(given: WebhookRoutesOptions): Router {
  const lines = new TokenBucket({...LOGGED_REFUSALS, at: given.clock.monotonic()});
  const options: Routes = {...given, refusals: {lines, unlogged: 0}};
  const {journal, voiceTwiml} = options;
  const router = Router(exactPaths);
  const claimed = requireSignature(options);

  router.use(createArrival(options));

  router.post(STATUS_PATH, claimed, requireForm, readBody, async (request, response) => {
    await receive(options, request, response, STATUS_PATH, 'status');
    recordAnswer(options, request, response, {httpStatus: 204, outcome: 'accepted'});
    response.status(204).end();
  });

  router.post(VOICE_PATH, claimed, requireForm, readBody, async (request, response) => {
    const reference = await receive(options, request, response, VOICE_PATH, 'voice');
    const intent = reference === undefined ? undefined : await journal.findIntent(reference);
    const twiml =
      intent?.connectTo === undefined
        ? voiceTwiml
        : connectTwiml({
            to: intent.connectTo,
            callerId: intent.from,
            statusCallback: statusCallbackUrl(options.publicUrl, intent.reference),
            timeLimit: options.callTimeLimitS,
          });
    recordAnswer(options, request, response, {httpStatus: 200, outcome: 'accepted'});
    response.type('text/xml').send(twiml);
  });

  router.options(
    [STATUS_PATH, VOICE_PATH],
    createRefusalRecorder(options, 204, 'asks which methods there are'),
  );
  router.all([STATUS_PATH, VOICE_PATH], only('POST'));
  // Nobody else has routes like these: it goes on to be not found.
  router.use(createRefusalRecorder(options, 404, 'no such path'));
  router.use(createErrorRecorder(options));
  return router;
}

/** Verifies the request and makes what it says durable; returns the reference of its URL. @throws AppError */
async function receive(
  options: Routes,
  request: Request,
  response: Response,
  path: string,
  route: 'status' | 'voice',
): Promise<string | undefined> {
  const {clock, metrics} = options;
  const receivedAt = clock.now();
  const {fields, reference} = authenticate(options, request, response, path);
  const startedAt = clock.monotonic();
  const event = toStatusEvent({fields, reference, receivedAt, route});
  const {callSid, providerStatus} = event;
  const arrival = arrivalOf(response);
  if (arrival !== undefined) {
    arrival.authentic = true;
    arrival.callSid = callSid;
    arrival.providerStatus = providerStatus;
  }
  let result: AppendResult;
  try {
    result = await options.journal.append(event);
  } catch (error) {
    metrics.callbacks.inc({verdict: 'unavailable'});
    throw error;
  }
  metrics.appendSeconds.observe((clock.monotonic() - startedAt) / 1000);
  const verdict = result.repeated ? 'duplicate' : result.entry.verdict;
  metrics.callbacks.inc({verdict});
  if (arrival !== undefined) {
    arrival.verdict = verdict;
    arrival.offset = result.entry.offset;
  }
  options.logger.debug({callSid, providerStatus, verdict, offset: result.entry.offset, route}, 'webhook');
  return reference;
}

function authenticate(options: Routes, request: Request, response: Response, path: string) {
  const {publicUrl, accountSid, authTokens} = options;
  const {originalUrl} = request;
  const query = originalUrl.indexOf('?');
  const result: WebhookResult = authenticateWebhook({
    publicUrl,
    // The path we own, whatever a proxy made of the prefix, and the query exactly as it came.
    pathAndQuery: path + (query === -1 ? '' : originalUrl.slice(query)),
    signatureHeader: singleHeader(request, 'x-twilio-signature'),
    body: Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0),
    authTokens,
    accountSid,
  });
  if (result.kind === 'authentic') return result;
  noteRefusal(options, request, response, result.reason);
  if (result.kind === 'malformed') {
    throw new AppError('invalid_request', 'This is not a webhook of Twilio as we know them.', {
      context: {reason: result.reason},
    });
  }
  throw notSigned();
}

/** The reason is for the log, not for the sender. */
function noteRefusal(
  {metrics, logger, clock, refusals}: Routes,
  request: Request,
  response: Response,
  reason: string,
): void {
  const arrival = arrivalOf(response);
  if (arrival !== undefined) arrival.reason = reason;
  metrics.callbacks.inc({verdict: 'refused'});
  if (!refusals.lines.take(clock.monotonic())) {
    refusals.unlogged += 1;
    return;
  }
  const unlogged = refusals.unlogged === 0 ? undefined : refusals.unlogged;
  refusals.unlogged = 0;
  const details = {path: request.path, reason, address: request.socket.remoteAddress, unlogged};
  logger.warn(details, 'webhook refused');
}

function notSigned(): AppError {
  return new AppError('invalid_signature', 'The request is not signed by Twilio for this URL.');
}

function singleHeader(request: Request, name: string): string | undefined {
  const value = request.headers[name];
  return typeof value === 'string' ? value : undefined;
}
