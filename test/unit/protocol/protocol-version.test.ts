/** Schema and version are pinned together: whoever changes the one has to think of the other. */
import assert from 'node:assert/strict';
import {createHash} from 'node:crypto';
import {test} from 'node:test';
import {closeReasons, PROTOCOL_VERSION, SUBPROTOCOL} from '@hookswitch/protocol';
import {clientMessage, serverMessage} from '@hookswitch/protocol/schemas';
import {z} from 'zod';

function fingerprint(...schemas: readonly z.ZodType[]): string {
  const json = schemas.map((schema) => JSON.stringify(sorted(z.toJSONSchema(schema))));
  return createHash('sha256').update(json.join('\n')).digest('hex').slice(0, 16);
}

/** In an order that says nothing: where a field stands in the source changes nothing on the wire. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sorted(inner)]),
  );
}

test('a changed schema needs a new PROTOCOL_VERSION', () => {
  // If this fails: a field that clients may ignore is no new version, and only the fingerprint moves; anything that
  // an old client or server would misread is one, and a new subprotocol beside it.
  assert.deepEqual([PROTOCOL_VERSION, fingerprint(clientMessage, serverMessage)], [1, '5e7fe0080e1387e7']);
});

test('the subprotocol carries the version', () => {
  assert.equal(SUBPROTOCOL, `hookswitch.v${PROTOCOL_VERSION}`);
});

test('client messages are strict, server messages may grow', () => {
  const heartbeat = {type: 'session.heartbeat'};
  assert.equal(clientMessage.safeParse(heartbeat).success, true);
  assert.equal(clientMessage.safeParse({...heartbeat, more: 1}).success, false);
  const server = {...heartbeat, offset: 1, timestamp: '2026-01-01T00:00:00.000Z'};
  assert.equal(serverMessage.safeParse({...server, more: 1}).success, true);
});

test('no two reasons share a close code', () => {
  const codes = Object.values(closeReasons).map(({code}) => code);
  assert.equal(new Set(codes).size, codes.length);
});
