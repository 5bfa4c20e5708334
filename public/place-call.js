/**
 * `POST /api/calls`. One idempotency key stands for one submission, however often it has to be sent: the gateway
 * never dials twice for it (rule H1).
 */
import {backoffMs} from './retry.js';

/**
 * @typedef {{to: string, connectTo?: string}} DialRequest
 *
 * @typedef {object} Refusal
 * @property {string} code
 * @property {string} message
 * @property {string | undefined} field
 * @property {boolean} certain that no call was placed
 *
 * @typedef {{kind: 'placed', to: string} | {kind: 'unauthorized'} | {kind: 'refused', refusal: Refusal}} Outcome
 */

const ATTEMPTS = 3;
const TIMEOUT_MS = 30_000;

/** Twilio's codes for a number that it will not dial: they are about the number field. */
const NUMBER_CODES = new Set([13223, 13224, 21211, 21214, 21215, 21216, 21217]);

/** Not `randomUUID`: the page may be served over plain http in a local network. */
export function newIdempotencyKey() {
  return [...crypto.getRandomValues(new Uint8Array(16))]
    .map((byte) => byte.toString(16).padStart(2, '0'))
    .join('');
}

/**
 * Places a call, trying again under the same key where the answer got lost or the gateway was on its way out.
 *
 * @param {DialRequest} request
 * @param {{url: URL, accessKey: string, idempotencyKey: string}} options
 * @returns {Promise<Outcome>}
 */
export async function placeCall(request, options) {
  for (let attempt = 0; ; attempt += 1) {
    const last = attempt + 1 === ATTEMPTS;
    try {
      const response = await post(request, options);
      if (response.status !== 503 || last) return await read(response);
    } catch {
      if (last) return {kind: 'refused', refusal: unreachable()};
    }
    await new Promise((resolve) => setTimeout(resolve, backoffMs(attempt)));
  }
}

/**
 * @param {DialRequest} request
 * @param {{url: URL, accessKey: string, idempotencyKey: string}} options
 */
function post(request, {url, accessKey, idempotencyKey}) {
  return fetch(url, {
    method: 'POST',
    headers: {
      Authorization: `Bearer ${accessKey}`,
      'Content-Type': 'application/json',
      'Idempotency-Key': idempotencyKey,
    },
    body: JSON.stringify(request),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
}

/**
 * @param {Response} response
 * @returns {Promise<Outcome>}
 */
async function read(response) {
  if (response.status === 401) return {kind: 'unauthorized'};
  const body = await response.json().catch(() => ({}));
  if (response.ok) return {kind: 'placed', to: String(body.to)};
  const {code = 'internal', detail = `The gateway answered ${response.status}.`, context = {}} = body;
  const retryAfter = response.headers.get('Retry-After');
  const wait = retryAfter !== null && response.status === 429 ? ` Try again in ${retryAfter} s.` : '';
  const isCertain = response.status < 500 || (code === 'provider_error' && context.outcome !== 'unknown');
  return {
    kind: 'refused',
    refusal: {
      code: String(code),
      message: `${detail}${wait}`,
      field: NUMBER_CODES.has(context.providerCode) ? 'to' : context.field,
      certain: isCertain,
    },
  };
}

/** @returns {Refusal} */
function unreachable() {
  const message =
    'The gateway did not answer, so it is not known whether the call was placed. ' +
    'Press Call again: it is the same request, and never dials twice.';
  return {code: 'unreachable', message, field: undefined, certain: false};
}
