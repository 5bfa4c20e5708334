import type {Call} from '../calls/call.ts';
import {documentParameters} from '../calls/call-parameters.ts';
import type {WebhookResponse} from '../webhooks/send-once.ts';
import type {Webhook, WebhookSender} from '../webhooks/webhook-sender.ts';
import type {TwimlDocument} from './host.ts';
import {parseTwiml, type TwimlElement} from './parse-twiml.ts';
import type {TwimlSource} from './source.ts';
import {TwimlError} from './twiml-error.ts';

export interface DocumentLoaderOptions {
  readonly accountSid: string;
  readonly sender: WebhookSender;
}

/** Fetches TwiML documents and parses them into verbs. */
export class DocumentLoader {
  readonly #accountSid: string;
  readonly #sender: WebhookSender;

  constructor({accountSid, sender}: DocumentLoaderOptions) {
    this.#accountSid = accountSid;
    this.#sender = sender;
  }

  /** Throws a TwimlError if there is no document to run. */
  async load(call: Call, source: TwimlSource, signal: AbortSignal): Promise<TwimlDocument> {
    if (source.kind === 'inline') return {verbs: parseTwiml(source.twiml), url: null};
    const outcome = await this.request(call, source, signal);
    if (!outcome.ok) throw new TwimlError(outcome.code, outcome.message);
    return {verbs: verbsOf(outcome.response, outcome.url), url: outcome.url};
  }

  /** Sends only the request. */
  async request(call: Call, source: Extract<TwimlSource, {kind: 'url'}>, signal: AbortSignal) {
    const webhook: Webhook = {
      kind: 'twiml',
      callSid: call.sid,
      method: source.method,
      url: source.url,
      params: {...documentParameters(call, this.#accountSid), ...source.params},
      cookies: call.cookies,
    };
    return await this.#sender.send(webhook, this.#sender.open(webhook), signal);
  }
}

/**
 * Interprets the response by content type (Twilio docs: "TwiML for Programmable Voice"): runs TwiML, plays
 * audio, reads text.
 */
function verbsOf({body, contentType, truncated}: WebhookResponse, url: string): readonly TwimlElement[] {
  if (truncated) throw new TwimlError(11750, 'TwiML response body too large');
  const type = contentType.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  if (['text/xml', 'application/xml', 'text/html'].includes(type)) return parseTwiml(body);
  if (type.startsWith('audio/')) return [verb('Play', url), verb('Hangup', '')];
  if (type !== 'text/plain')
    throw new TwimlError(12300, `Invalid Content-Type: ${type === '' ? 'none' : type}`);
  try {
    return parseTwiml(body);
  } catch {
    return [verb('Say', body), verb('Hangup', '')];
  }
}

function verb(name: string, text: string): TwimlElement {
  return {name, text, fullText: text, attributes: {}, children: []};
}
