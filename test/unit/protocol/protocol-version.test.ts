/** Pins the schema to the protocol version, so that a change of the schema cannot miss the version. */
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

/** Sorts the keys, because the order of fields in the source changes nothing on the wire. */
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
  // If this fails: a field that clients may ignore needs no new version, so update only the fingerprint. A
  // change that an old client or server would misread needs a new version and a new subprotocol.
  assert.deepEqual([PROTOCOL_VERSION, fingerprint(clientMessage, serverMessage)], [1, '5e7fe0080e1387e7']);
});

test('the subprotocol contains the version', () => {
  assert.equal(SUBPROTOCOL, `hookswitch.v${PROTOCOL_VERSION}`);
});

test('client messages are strict, and server messages may get new fields', () => {
  const heartbeat = {type: 'session.heartbeat'};
  assert.equal(clientMessage.safeParse(heartbeat).success, true);
  assert.equal(clientMessage.safeParse({...heartbeat, more: 1}).success, false);
  const server = {...heartbeat, offset: 1, timestamp: '2026-01-01T00:00:00.000Z'};
  assert.equal(serverMessage.safeParse({...server, more: 1}).success, true);
});

test('no two close reasons share a close code', () => {
  const codes = Object.values(closeReasons).map(({code}) => code);
  assert.equal(new Set(codes).size, codes.length);
});
