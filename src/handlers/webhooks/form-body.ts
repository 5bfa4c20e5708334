/**
 * The body of a webhook as Latin-1 text, one character for each byte. It is parsed only after the signature
 * check.
 */
import type {IncomingMessage} from 'node:http';
import {AppError} from '../../errors/app-error.ts';
import {MAX_FORM_BYTES} from '../../twilio/webhook/form.ts';

const FORM_TYPE = 'application/x-www-form-urlencoded';

/**
 * Reads at most {@link MAX_FORM_BYTES}, without inflating or decoding. The result is a string because, unlike
 * a buffer, it does not keep a slab of Node's pool in memory. Rejects with an AppError if the content type is
 * wrong, the body is too large, or the sender disconnects before its end.
 */
export function readFormBody(request: IncomingMessage): Promise<string> {
  const fault = headerFault(request);
  if (fault !== undefined) return Promise.reject(fault);
  const {promise, resolve, reject} = Promise.withResolvers<string>();
  const chunks: Buffer[] = [];
  let bytes = 0;
  let complete = false;
  const onData = (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes <= MAX_FORM_BYTES) {
      chunks.push(chunk);
      return;
    }
    chunks.length = 0;
    // The rest of the body is not stored. Node reads it off the connection once the response has been sent.
    request.off('data', onData).pause();
    reject(tooLarge());
  };
  request.on('data', onData);
  request.once('end', () => {
    complete = true;
    const [only] = chunks;
    const whole = chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks, bytes);
    resolve(whole.toString('latin1'));
  });
  request.once('error', (error) => reject(broken(error)));
  request.once('close', () => {
    if (!complete) reject(broken());
  });
  return promise;
}

/** Errors that the headers show before the body is read. */
function headerFault({headers}: IncomingMessage): AppError | undefined {
  const {'content-type': type = '', 'content-encoding': encoding = 'identity'} = headers;
  if (type.split(';', 1)[0]?.trim().toLowerCase() !== FORM_TYPE) {
    return new AppError('unsupported_media_type', `Webhooks are ${FORM_TYPE}.`, {
      context: {contentType: headers['content-type']},
    });
  }
  if (encoding.toLowerCase() !== 'identity') {
    return new AppError('unsupported_media_type', 'The body must be plain: no Content-Encoding, UTF-8.');
  }
  return Number(headers['content-length'] ?? 0) > MAX_FORM_BYTES ? tooLarge() : undefined;
}

function tooLarge(): AppError {
  return new AppError('payload_too_large', `The body is larger than ${MAX_FORM_BYTES} bytes.`, {
    context: {limit: MAX_FORM_BYTES},
  });
}

function broken(cause?: Error): AppError {
  return new AppError('invalid_request', 'The body could not be read.', {
    context: {reason: 'request.aborted'},
    ...(cause === undefined ? {} : {cause}),
  });
}
