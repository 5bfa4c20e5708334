/**
 * Every vector on a raw socket of its own, against a gateway that others use meanwhile (W5, W14, RFC 6455).
 */
import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import {ACCESS_KEY, startGateway, type TestGateway} from '../support/gateway/gateway.ts';
import {until} from '../support/until.ts';
import type {TestClient} from '../support/websocket/client.ts';
import {encodeFrame, opcodes, RawWebSocket, type ReceivedFrame} from '../support/websocket/raw-websocket.ts';
import {type Vector, vectors} from './protocol-vectors.ts';

const AT_ONCE = 24;
const LAST = 'last of all';

let gateway: TestGateway;
let witness: TestClient;

before(async () => {
  gateway = await startGateway({env: {LOG_LEVEL: 'warn'}});
  witness = await gateway.session();
});
after(() => gateway[Symbol.asyncDispose]());

/** A frame in the notation of {@link Vector.expect}. `undefined` for messages that every session gets. */
function describeFrame({opcode, payload, fin, rsv}: ReceivedFrame): string | undefined {
  if (!fin || rsv !== 0) return `a frame with fin ${fin} and rsv ${rsv}`;
  if (opcode === opcodes.pong) return `pong ${payload.toString('hex')}`;
  if (opcode === opcodes.close) return `close ${payload.length === 0 ? 1005 : payload.readUInt16BE()}`;
  if (opcode !== opcodes.text) return `opcode ${opcode}`;
  const message = JSON.parse(payload.toString()) as {type: string; requestId?: string; code?: string};
  if (message.type === 'error') return `error ${message.code}`;
  return message.requestId === undefined ? undefined : `answer ${message.requestId}`;
}

function describeFrames(client: RawWebSocket): string[] {
  return client.frames.map(describeFrame).filter((each) => each !== undefined);
}

async function send(client: RawWebSocket, {bytes, chop = bytes.length}: Vector): Promise<void> {
  for (let at = 0; at < bytes.length && !client.ended; at += chop) {
    const part = bytes.subarray(at, at + chop);
    await new Promise<void>((resolve) => client.socket.write(part, () => setImmediate(resolve)));
  }
}

/** The fault of the response to a vector, or `undefined` if it is right. */
async function faultOf(vector: Vector): Promise<string | undefined> {
  const client = await RawWebSocket.open(gateway.url, ACCESS_KEY);
  await send(client, vector);
  // The response to this last message shows that nothing else was to come.
  client.frame(`{"type":"call.subscribe","calls":[],"requestId":"${LAST}"}`);
  const isOver = () =>
    client.closeCode !== undefined || client.ended || describeFrames(client).includes(`answer ${LAST}`);
  await until(isOver, {what: vector.name});
  const isClosed = client.closeCode !== undefined;
  if (isClosed) client.write(encodeFrame('', {opcode: opcodes.close}));
  else client.vanish();
  await client.closed();
  const described = describeFrames(client).filter((each) => each !== `answer ${LAST}`);
  const actual = JSON.stringify(described);
  const expected = JSON.stringify(vector.expect);
  return actual === expected
    ? undefined
    : `${vector.name}: ${actual.slice(0, 200)} instead of ${expected.slice(0, 200)}`;
}

test('there are at least 500 vectors with unique names', () => {
  const names = Object.entries(vectors).flatMap(([group, each]) => each.map(({name}) => `${group}: ${name}`));
  assert.ok(names.length >= 500, `${names.length}`);
  assert.equal(new Set(names).size, names.length);
});

for (const [group, list] of Object.entries(vectors)) {
  test(`[W14] ${group}: ${list.length} vectors, each with the expected response`, async () => {
    const faults: string[] = [];
    const rest = list.values();
    const work = async () => {
      for (const vector of rest) {
        const fault = await faultOf(vector);
        if (fault !== undefined) faults.push(fault);
      }
    };
    await Promise.all(Array.from({length: AT_ONCE}, work));
    assert.deepEqual(faults, []);
    await until(async () => (await gateway.api('/api/sessions')).body.total === 1, {
      what: 'only the witness to be left',
    });
    assert.equal(witness.closeCode, undefined);
    assert.deepEqual(
      gateway.logs.filter((line) => line.includes('"level":"error"')),
      [],
    );
  });
}
