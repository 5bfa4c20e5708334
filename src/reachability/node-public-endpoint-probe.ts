/**
 * The probe over Node's own HTTP client and `ws`. Each request opens a new connection, because a kept one
 * proves nothing.
 */
import {request as httpRequest, type IncomingMessage} from 'node:http';
import {request as httpsRequest} from 'node:https';
import {WebSocket} from 'ws';
import type {
  ProbeAnswer,
  ProbeFailure,
  ProbeGet,
  ProbeSocket,
  PublicEndpointProbe,
} from './public-endpoint-probe.ts';

const MAX_BODY_BYTES = 16_384;

export const nodePublicEndpointProbe: PublicEndpointProbe = {
  get(url, {userAgent, signal}) {
    const {promise, resolve} = Promise.withResolvers<ProbeGet>();
    const send = url.startsWith('https:') ? httpsRequest : httpRequest;
    const headers = {'User-Agent': userAgent, Accept: '*/*', 'Cache-Control': 'no-cache'};
    const request = send(url, {agent: false, signal, headers});
    request.once('response', (response) => {
      readAnswer(response).then((answer) => {
        resolve({kind: 'answered', answer});
        request.destroy();
      }, fail);
    });
    // Stays attached, because a second error of a destroyed request would otherwise be unhandled.
    request.on('error', fail);
    request.end();
    return promise;

    function fail(error: unknown) {
      resolve(toFailure(error, signal));
    }
  },

  openSocket(url, {protocols, signal}) {
    const {promise, resolve} = Promise.withResolvers<ProbeSocket>();
    const socket = new WebSocket(url, [...protocols], {
      followRedirects: false,
      perMessageDeflate: false,
      maxPayload: MAX_BODY_BYTES,
      agent: undefined,
    });
    const end = (outcome: ProbeSocket) => {
      signal.removeEventListener('abort', onAbort);
      resolve(outcome);
      socket.terminate();
    };
    const onAbort = () =>
      end(
        socket.readyState === WebSocket.CONNECTING
          ? {kind: 'failed', code: 'ABORTED', message: 'No answer in time.'}
          : {kind: 'silent', protocol: socket.protocol},
      );
    signal.addEventListener('abort', onAbort, {once: true});
    socket.on('unexpected-response', (_request, response) => {
      readAnswer(response).then(
        (answer) => end({kind: 'refused', answer}),
        (error: unknown) => end(toFailure(error, signal)),
      );
    });
    socket.on('message', () => end({kind: 'spoke', protocol: socket.protocol}));
    socket.on('close', (code, reason) =>
      end({kind: 'closed', code, reason: reason.toString(), protocol: socket.protocol}),
    );
    socket.on('error', (error) => end(toFailure(error, signal)));
    if (signal.aborted) onAbort();
    return promise;
  },
};

/** Reads a limited part of the body. The caller closes the connection. */
async function readAnswer(response: IncomingMessage): Promise<ProbeAnswer> {
  const chunks: Buffer[] = [];
  let size = 0;
  const address = response.socket.remoteAddress;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    size += chunk.length;
    if (size >= MAX_BODY_BYTES) break;
  }
  const headers = Object.entries(response.headers).map(([name, value]) => [name, String(value)]);
  return {
    status: response.statusCode ?? 0,
    headers: Object.fromEntries(headers) as Record<string, string>,
    body: Buffer.concat(chunks).subarray(0, MAX_BODY_BYTES).toString('utf8'),
    ...(address === undefined ? {} : {address}),
  };
}

function toFailure(error: unknown, signal: AbortSignal): ProbeFailure {
  if (signal.aborted) return {kind: 'failed', code: 'ABORTED', message: 'No answer in time.'};
  const {code, message} = deepest(error);
  return {kind: 'failed', code: typeof code === 'string' ? code : 'UNKNOWN', message: message ?? 'unknown'};
}

/**
 * If a name has several addresses, Node tries all of them and throws an AggregateError without a message of
 * its own.
 */
function deepest(error: unknown): {readonly code?: unknown; readonly message?: string} {
  if (error instanceof AggregateError && error.errors.length > 0) return deepest(error.errors[0]);
  return error instanceof Error ? error : {};
}
