import type {MachineDetection} from '../calls/answering-machine.ts';
import {type CallEvent, callEvents, type StatusCallback} from '../calls/call.ts';
import type {WebhookParameters} from '../webhooks/signature.ts';
import type {HttpMethod} from '../webhooks/target.ts';
import type {VerbContext} from './host.ts';
import type {TwimlElement} from './parse-twiml.ts';
import type {TwimlSource} from './source.ts';
import {TwimlError} from './twiml-error.ts';

/** A number of seconds or times; what is no number keeps the default (a 13xxx warning at Twilio, not an error). */
export function numberAttribute({attributes}: TwimlElement, name: string, fallback: number): number {
  const text = attributes[name];
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : fallback;
}

/** GET or POST; POST by default. */
export function methodAttribute({attributes}: TwimlElement, name = 'method'): HttpMethod {
  return attributes[name]?.toUpperCase() === 'GET' ? 'GET' : 'POST';
}

/** A URL of the document as an absolute one. Throws 11100 for a relative one in inline TwiML. */
export function resolveUrl(context: VerbContext, url: string): string {
  const resolved = URL.parse(url, context.document.url ?? undefined);
  if (resolved === null || !/^https?:$/.test(resolved.protocol)) {
    throw new TwimlError(11100, `Invalid URL format: ${url}`);
  }
  // An absolute URL is kept as written: parsing drops a default port, which is part of the signature.
  return /^https?:\/\//i.test(url) ? url : resolved.href;
}

/** The document that `action` (or another attribute) leads to. */
export function actionSource(
  context: VerbContext,
  verb: TwimlElement,
  url: string,
  params: WebhookParameters,
): TwimlSource {
  return {kind: 'url', url: resolveUrl(context, url), method: methodAttribute(verb), params};
}

/** The action of Gather and Record, by default the current document again. Null when that is inline TwiML. */
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

/** statusCallback, statusCallbackMethod and statusCallbackEvent (a space-separated list here) of a noun. */
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

/** machineDetection, machineDetectionTimeout, amdStatusCallback and amdStatusCallbackMethod of a Number or Sip. */
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
