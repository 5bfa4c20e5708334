import assert from 'node:assert/strict';
import {test} from 'node:test';
import {clientMessage} from '@hookswitch/protocol/schemas';
import {AppError} from '../../../../src/errors/app-error.ts';
import {callActionBody, listCallsQuery, placeCallBody} from '../../../../src/handlers/api/call-requests.ts';
import {parseInput} from '../../../../src/handlers/api/request-input.ts';
import {describeIssue} from '../../../../src/handlers/http/validation-messages.ts';

const to = '+15550100001';

const requests = [
  [placeCallBody, {}, 'to: is required.'],
  [placeCallBody, [], 'The request must be an object.'],
  [placeCallBody, {to: 1}, 'to: must be a string.'],
  [placeCallBody, {to, x: 1}, 'x: is not a known field.'],
  [placeCallBody, {to, x: 1, y: 1}, 'x, y: are not known fields.'],
  [placeCallBody, {to, timeout: 0}, 'timeout: must be at least 1.'],
  [placeCallBody, {to, timeout: 1.5}, 'timeout: must be a whole number.'],
  [placeCallBody, {to, twiml: 'x'.repeat(4001)}, 'twiml: must be at most 4000 characters.'],
  [placeCallBody, {to, machineDetection: true}, 'machineDetection: must be "Enable" or "DetectMessageEnd".'],
  [listCallsQuery, {limit: 'many'}, 'limit: must be a number.'],
  [callActionBody, {action: 'dance'}, 'action: must be "disconnect".'],
] as const;

test('[H6] a refused request names the field and the expected value', () => {
  for (const [schema, input, message] of requests) {
    assert.throws(
      () => parseInput<unknown>(schema, input),
      (error) => error instanceof AppError && error.message === message,
      message,
    );
  }
});

test('[W5] a refused message names the field and the expected value', () => {
  const fault = (message: unknown) =>
    clientMessage.safeParse(message, {error: describeIssue}).error?.issues[0]?.message;
  assert.equal(fault({type: 'dance'}), 'is not a known message type');
  assert.equal(fault({type: 'call.action', action: 'disconnect'}), 'is required');
  const calls = Array.from({length: 101}, () => `CA${'0'.repeat(32)}`);
  assert.equal(fault({type: 'call.subscribe', calls}), 'must be "all" or a list of at most 100 call sids');
});
