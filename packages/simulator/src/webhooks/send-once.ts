import {Agent as HttpAgent, request as httpRequest, type IncomingMessage} from 'node:http';
import {Agent as HttpsAgent, request as httpsRequest} from 'node:https';
import {gunzipSync} from 'node:zlib';
import type {WebhookRequest} from './target.ts';

/** Maximum response size that is read (error 11750 beyond it). Bytes. */
export const MAX_RESPONSE_BYTES = 64 * 1024;

export interface WebhookResponse {
  readonly status: number;
  readonly contentType: string;
  readonly location: string | null;
  readonly setCookies: readonly string[];
  readonly body: string;
  /** The response was longer than 64 kB. `body` contains its beginning. */
  readonly truncated: boolean;
}

/** Why an attempt had no usable response. */
export interface WebhookFailure {
  /** Twilio's error code, such as 11205. */
  readonly code: number;
  readonly message: string;
  /**
   * `ct`: before the connection was established. `rt`: after that, before a response. `partial`: within a
   * response.
   */
  readonly phase: 'ct' | 'rt' | 'partial';
}

export type SendResult =
  | {readonly kind: 'response'; readonly response: WebhookResponse}
  | {readonly kind: 'failure'; readonly failure: WebhookFailure};

export interface SendLimits {
  readonly connectTimeoutMs: number;
  readonly readTimeoutMs: number;
  /** The remaining total time. */
  readonly remainingMs: number;
  readonly signal: AbortSignal;
}

const TLS_ERROR = /^(ERR_TLS|ERR_SSL|CERT_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|EPROTO)/;

// Each attempt uses a new connection. With a keep-alive connection, a receiver that restarts would fail
// attempts in a way that Twilio's attempts do not.
const httpAgent = new HttpAgent({keepAlive: false});
const httpsAgent = new HttpsAgent({keepAlive: false});

/** Sends one attempt. It resolves even if the attempt fails. Only `signal` makes it reject. */
export function sendOnce(request: WebhookRequest, limits: SendLimits): Promise<SendResult> {
  return new Promise((resolve, reject) => {
    const isSecure = request.url.startsWith('https:');
    const send = isSecure ? httpsRequest : httpRequest;
    const agent = isSecure ? httpsAgent : httpAgent;
    let phase: WebhookFailure['phase'] = 'ct';
    let timer: NodeJS.Timeout | undefined;
    const outgoing = send(request.url, {method: request.method, headers: request.headers, agent});
    const startedAt = performance.now();

    const finish = (settle: () => void) => {
      clearTimeout(timer);
      limits.signal.removeEventListener('abort', onAbort);
      outgoing.on('error', () => {}); // destroying the request can emit another error
      outgoing.destroy();
      settle();
    };
    const fail = (code: number, message: string) =>
      finish(() => resolve({kind: 'failure', failure: {code, message, phase}}));
    const onAbort = () => finish(() => reject(new DOMException('Aborted', 'AbortError')));
    const arm = (ms: number, code: number, message: string) => {
      clearTimeout(timer);
      const left = limits.remainingMs - (performance.now() - startedAt);
      timer = setTimeout(() => fail(code, message), Math.max(0, Math.min(ms, left)));
    };
    const armRead = () => arm(limits.readTimeoutMs, 11200, 'Timed out waiting for the response');

    limits.signal.addEventListener('abort', onAbort);
    if (limits.signal.aborted) return onAbort();
    arm(limits.connectTimeoutMs, 11205, 'Timed out connecting');
    outgoing.on('error', (error: NodeJS.ErrnoException) => fail(errorCode(error, phase), error.message));
    outgoing.on('socket', (socket) => {
      socket.once(isSecure ? 'secureConnect' : 'connect', () => {
        phase = 'rt';
        armRead();
      });
    });
    outgoing.on('response', (incoming) => {
      phase = 'partial';
      armRead();
      incoming.on('data', armRead);
      readBody(incoming).then(
        ({body, truncated}) => {
          const response = {...responseHead(incoming), body, truncated};
          finish(() => resolve({kind: 'response', response}));
        },
        (error: Error) => fail(11206, error.message),
      );
    });
    outgoing.end(request.body);
  });
}

function responseHead(incoming: IncomingMessage) {
  return {
    status: incoming.statusCode ?? 0,
    contentType: incoming.headers['content-type'] ?? '',
    location: incoming.headers.location ?? null,
    setCookies: incoming.headers['set-cookie'] ?? [],
  };
}

async function readBody(incoming: IncomingMessage): Promise<{body: string; truncated: boolean}> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > MAX_RESPONSE_BYTES) break;
  }
  const raw = Buffer.concat(chunks);
  const gzipped = incoming.headers['content-encoding'] === 'gzip' && size <= MAX_RESPONSE_BYTES && size > 0;
  const plain = gzipped ? gunzipSync(raw, {maxOutputLength: 16 * MAX_RESPONSE_BYTES}) : raw;
  return {
    body: plain.subarray(0, MAX_RESPONSE_BYTES).toString('utf8'),
    truncated: plain.length > MAX_RESPONSE_BYTES,
  };
}

/** Maps an error to Twilio's codes 11200–11237 (Twilio docs: error dictionary). */
function errorCode(error: NodeJS.ErrnoException, phase: WebhookFailure['phase']): number {
  const code = error.code ?? '';
  if (code === 'ECONNREFUSED') return 11202;
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 11210;
  if (TLS_ERROR.test(code)) return 11220;
  if (code.startsWith('HPE_')) return 11206;
  return phase === 'ct' ? 11205 : 11200;
}
