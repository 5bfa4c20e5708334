/** Errors that clients see (H6): what is shown, and what is never shown. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {AppError, errorTypes, JournalUnavailableError, toAppError} from '../../../src/errors/app-error.ts';
import {toProblem} from '../../../src/handlers/http/http-errors.ts';
import {providerError} from '../../../src/services/calls/provider-error.ts';

test('[H6] [seed] every error carries code, status, context and a timestamp', () => {
  for (const code of Object.keys(errorTypes) as (keyof typeof errorTypes)[]) {
    const error = new AppError(code, 'A sentence.', {context: {field: 'x'}});
    const problem = toProblem(error, 'r1');
    assert.deepEqual(
      [problem.code, problem.status, problem.title, problem.context, problem.requestId],
      [code, errorTypes[code].status, errorTypes[code].title, {field: 'x'}, 'r1'],
    );
    assert.equal(new Date(problem.timestamp).toISOString(), problem.timestamp);
    assert.ok(problem.status >= 400 && problem.status < 600);
  }
});

test('[H6] any other thrown value becomes `internal`, and nothing of it is shown', () => {
  for (const thrown of [new Error('canary'), 'canary', {canary: true}, null, undefined]) {
    const error = toAppError(thrown);
    assert.equal(error.code, 'internal');
    assert.equal(error.cause, thrown);
    assert.doesNotMatch(JSON.stringify(toProblem(error)), /canary/);
  }
  const known = new JournalUnavailableError('The disk is full.');
  assert.equal(toAppError(known), known);
  assert.equal(known.status, 503);
  assert.equal(known.retryAfterS, 1);
});

test('[H6] Twilio’s 400 and 404 are the request’s fault, 429 is passed on, and everything else is 502', () => {
  const statusOf = (status: number | undefined) => providerError({message: 'no', status}).status;
  assert.deepEqual(
    [400, 404, 429, 401, 403, 500, 503, undefined].map(statusOf),
    [422, 422, 429, 502, 502, 502, 502, 502],
  );
  assert.equal(providerError({message: 'slow down', status: 429}).retryAfterS, 1);
});
