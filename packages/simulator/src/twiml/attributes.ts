import type {MachineDetection} from '../calls/answering-machine.ts';
import {type CallEvent, callEvents, type StatusCallback} from '../calls/call.ts';
import type {WebhookParameters} from '../webhooks/signature.ts';
import type {HttpMethod} from '../webhooks/target.ts';
import type {VerbContext} from './host.ts';
import type {TwimlElement} from './parse-twiml.ts';
import type {TwimlSource} from './source.ts';
import {TwimlError} from './twiml-error.ts';

/**
 * Parses a number of seconds or repetitions. An invalid number keeps the default, because Twilio only warns
 * (13xxx).
 */
export function numberAttribute({attributes}: TwimlElement, name: string, fallback: number): number {
  const text = attributes[name];
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : fallback;
}

/** Parses GET or POST. Defaults to POST. */
export function methodAttribute({attributes}: TwimlElement, name = 'method'): HttpMethod {
  return attributes[name]?.toUpperCase() === 'GET' ? 'GET' : 'POST';
}

/** Resolves a URL of the document. Throws 11100 for a relative URL in inline TwiML. */
export function resolveUrl(context: VerbContext, url: string): string {
  const resolved = URL.parse(url, context.document.url ?? undefined);
  if (resolved === null || !/^https?:$/.test(resolved.protocol)) {
    throw new TwimlError(11100, `Invalid URL format: ${url}`);
  }
  // An absolute URL is kept as written, because parsing drops a default port, which is part of the signature.
  return /^https?:\/\//i.test(url) ? url : resolved.href;
}

/** The document at `action` or another attribute. */
export function actionSource(
  context: VerbContext,
  verb: TwimlElement,
  url: string,
  params: WebhookParameters,
): TwimlSource {
  return {kind: 'url', url: resolveUrl(context, url), method: methodAttribute(verb), params};
}

/**
 * The action of Gather and Record. Defaults to the current document. Null if the current document is inline
 * TwiML.
 */
export function actionOrSelf(
  context: VerbContext,
  verb: TwimlElement,
  params: WebhookParameters,
): TwimlSource | null {
  const {action} = verb.attributes;
  if (action !== undefined && action !== '') return actionSource(context, verb, action, params);
  if (context.source.kind === 'inline') return null;
  return {...context.source, url: context.document.url ?? context.source.url, params};
}

/**
 * Parses statusCallback, statusCallbackMethod and statusCallbackEvent (here a space-separated list) of a
 * noun.
 */
export function statusCallbackOf(context: VerbContext, noun: TwimlElement): StatusCallback | null {
  const {statusCallback, statusCallbackEvent = 'completed'} = noun.attributes;
  if (statusCallback === undefined || statusCallback === '') return null;
  const names = statusCallbackEvent.split(/\s+/);
  const events = callEvents.filter((event: CallEvent) => names.includes(event));
  return {
    url: resolveUrl(context, statusCallback),
    method: methodAttribute(noun, 'statusCallbackMethod'),
    events: new Set(events),
  };
}

/** Parses the machine detection attributes of a Number or Sip, including the callback for its result. */
export function machineDetectionOf(noun: TwimlElement, context: VerbContext): MachineDetection | null {
  const {machineDetection: mode, amdStatusCallback: url = ''} = noun.attributes;
  if (noun.name === 'Client' || (mode !== 'Enable' && mode !== 'DetectMessageEnd')) return null;
  return {
    mode,
    timeoutSeconds: Math.min(Math.max(numberAttribute(noun, 'machineDetectionTimeout', 30), 3), 60),
    async: true,
    callback:
      url === ''
        ? null
        : {url: resolveUrl(context, url), method: methodAttribute(noun, 'amdStatusCallbackMethod')},
  };
}
