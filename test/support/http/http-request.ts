/** Sends requests that `fetch` does not allow: any method, path and header, unchanged. */

import assert from 'node:assert/strict';
import {request as httpRequest, type IncomingHttpHeaders} from 'node:http';
import {text as readText} from 'node:stream/consumers';
import type {Json} from '../json.ts';

export interface RawRequest {
  readonly method?: string;
  /** Sent unchanged, including percent signs. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string | string[]>>;
  readonly body?: string | Buffer;
}

export interface RawResponse {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly body: Json;
}

/** Sends one request on its own connection. */
export async function rawRequest(
  url: string,
  {method = 'GET', path, headers = {}, body}: RawRequest,
): Promise<RawResponse> {
  const {hostname, port} = new URL(url);
  const {promise, resolve, reject} = Promise.withResolvers<RawResponse>();
  const request = httpRequest({hostname, port, method, path, headers: {...headers}, agent: false});
  request.once('error', reject);
  request.once('response', (response) => {
    readText(response).then((content) => {
      const isJson = /json/.test(response.headers['content-type'] ?? '');
      const json: unknown = isJson && content !== '' ? JSON.parse(content) : undefined;
      resolve({status: response.statusCode ?? 0, headers: response.headers, text: content, body: json});
    }, reject);
  });
  request.end(body);
  return promise;
}

/** The common parts of `fetch` and {@link rawRequest} responses. */
export interface ProblemAnswer {
  readonly status: number;
  readonly headers: Headers | IncomingHttpHeaders;
  readonly body: Json;
}

export interface ExpectedProblem {
  readonly status: number;
  readonly code: string;
  /** `context.field`. */
  readonly field?: string;
}

const MEMBERS = ['code', 'context', 'detail', 'requestId', 'status', 'timestamp', 'title', 'type'];

/** Asserts a problem response (H6): RFC 9457 with all members, and no internal details. */
export function assertProblem(answer: ProblemAnswer, {status, code, field}: ExpectedProblem): void {
  const {body} = answer;
  assert.equal(answer.status, status, JSON.stringify(body) ?? 'no JSON');
  assert.match(headerOf(answer, 'content-type'), /^application\/problem\+json\b/);
  assert.deepEqual(Object.keys(body).sort(), MEMBERS);
  assert.equal(body.status, status);
  assert.equal(body.code, code);
  assert.equal(body.type, `urn:hookswitch:error:${code}`);
  assert.ok(body.title.length > 0 && body.detail.length > 0);
  assert.equal(new Date(body.timestamp).toISOString(), body.timestamp);
  assert.equal(body.requestId, headerOf(answer, 'x-request-id'));
  assert.doesNotMatch(JSON.stringify(body), /node_modules|\.ts:\d|at \w+ \(/);
  if (field !== undefined) assert.equal(body.context.field, field, body.detail);
}

function headerOf({headers}: ProblemAnswer, name: string): string {
  const value = headers instanceof Headers ? headers.get(name) : headers[name];
  return String(value ?? '');
}
