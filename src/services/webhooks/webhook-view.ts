/** A webhook entry as the API shows it. Created when it is read, not when it arrives. */
import type {WebhookDetail, WebhookRecord} from '@hookswitch/protocol';
import {MASK} from '../../mask.ts';
import {parseForm} from '../../twilio/webhook/form.ts';
import {toIso} from '../feed/call-messages.ts';
import type {AnsweredWebhook, WebhookEntry} from './webhook-log.ts';

export function toWebhookRecord({id, webhook}: WebhookEntry): WebhookRecord {
  const {route, method, path, remoteAddress, outcome, httpStatus} = webhook;
  const {verdict, offset, callSid, providerStatus, reason} = webhook;
  return {
    id,
    receivedAt: toIso(webhook.receivedAt),
    route,
    method,
    path,
    remoteAddress,
    outcome,
    httpStatus,
    tookMs: Math.round(webhook.tookMs * 10) / 10,
    ...(verdict === undefined ? {} : {verdict}),
    ...(offset === undefined ? {} : {offset}),
    ...(callSid === undefined ? {} : {callSid}),
    ...(providerStatus === undefined ? {} : {providerStatus}),
    ...(reason === undefined ? {} : {reason}),
  };
}

/** All fields except the diagnosis, which depends on the configuration. */
export function toWebhookDetail(entry: WebhookEntry): Omit<WebhookDetail, 'diagnosis'> {
  const {webhook} = entry;
  const body = bodyOf(webhook);
  const form = body === undefined ? undefined : parseForm(body);
  return {
    ...toWebhookRecord(entry),
    headers: [...headersOf(webhook)].map(([name, value]) => ({
      name,
      // Anyone with the signature could send the same request again.
      value: name === 'x-twilio-signature' ? MASK : value,
    })),
    fields: form?.kind === 'form' ? form.fields.map(([name, value]) => ({name, value})) : [],
    bodyBytes: body?.length ?? announcedBytes(webhook),
  };
}

/** Headers by lower-case name. */
export function headersOf({headers}: AnsweredWebhook): ReadonlyMap<string, string> {
  const byName = new Map<string, string>();
  for (let at = 0; at + 1 < headers.length; at += 2) byName.set(headers[at] ?? '', headers[at + 1] ?? '');
  return byName;
}

/** The received bytes; `undefined` if none were read. */
export function bodyOf({body}: AnsweredWebhook): Buffer | undefined {
  return body === undefined ? undefined : Buffer.from(body, 'latin1');
}

/** The Content-Length of a body that was not read. */
function announcedBytes(webhook: AnsweredWebhook): number {
  const announced = headersOf(webhook).get('content-length') ?? '';
  return /^\d{1,15}$/.test(announced) ? Number(announced) : 0;
}
