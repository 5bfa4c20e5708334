/**
 * Valid and invalid bytes of a WebSocket peer, with the response that RFC 6455 and our protocol require.
 *
 * The groups are those of the Autobahn test suite. Where that expects an echo, a subscription is answered
 * under its `requestId` here.
 */
import {MAX_MESSAGE_BYTES} from '@hookswitch/protocol';
import {encodeClose, encodeFrame, type FrameOptions, opcodes} from '../support/websocket/raw-websocket.ts';

export interface Vector {
  readonly name: string;
  readonly bytes: Buffer;
  /** Bytes of each write. @default all at once */
  readonly chop?: number;
  /** The server's responses in order: `answer <requestId>`, `pong <hex>`, `error <code>`, `close <code>`. */
  readonly expect: readonly string[];
}

const {continuation, text, binary, close, ping, pong} = opcodes;
const all = (...parts: readonly Uint8Array[]) => Buffer.concat(parts);

/** A subscription whose `requestId` is these bytes. */
function message(id: string | Uint8Array): Buffer {
  return all(
    Buffer.from('{"type":"call.subscribe","calls":[],"requestId":"'),
    Buffer.from(id),
    Buffer.from('"}'),
  );
}

function subscribe(id: string | Uint8Array, options?: FrameOptions): Buffer {
  return encodeFrame(message(id), options);
}

/** A subscription padded to this many bytes. Spaces after an object are ignored. */
function padded(bytes: number, id: string): Buffer {
  const content = message(id);
  return all(content, Buffer.alloc(Math.max(0, bytes - content.length), 0x20));
}

/** A message in frames that are cut at these offsets. */
function fragments(content: Buffer, cuts: readonly number[], between: Buffer = Buffer.alloc(0)): Buffer {
  const ends = [...cuts, content.length];
  return all(
    ...ends.flatMap((end, index) => {
      const part = content.subarray(ends[index - 1] ?? 0, end);
      const fin = index === ends.length - 1;
      return [
        encodeFrame(part, {opcode: index === 0 ? text : continuation, fin}),
        fin ? Buffer.alloc(0) : between,
      ];
    }),
  );
}

const answered = (...ids: readonly string[]) => ids.map((id) => `answer ${id}`);
const ponged = (payload: string | Uint8Array) => `pong ${Buffer.from(payload).toString('hex')}`;
const names = ['continuation', 'text', 'binary', 'close', 'ping', 'pong'] as const;

function* framing(): Generator<Vector> {
  for (const size of [0, 124, 125, 126, 127, 128, 255, 256, 1024, 4096, 16_383, MAX_MESSAGE_BYTES]) {
    // More than 4,096 pieces of one frame are an attack, which ends with 1008.
    for (const chop of [undefined, 1, 2, 3, 7, 125, 997].filter((each) => size / (each ?? size) < 4096)) {
      const bytes = encodeFrame(padded(size, 'x'));
      yield {name: `text of ${size} in writes of ${chop ?? 'all'}`, bytes, chop, expect: answered('x')};
    }
  }
  for (const size of [0, 1, 2, 124, 125, 126, 127, 128, 4096, MAX_MESSAGE_BYTES]) {
    const bytes = encodeFrame(Buffer.alloc(size), {opcode: binary});
    yield {name: `binary of ${size}`, bytes, expect: ['close 4400']};
  }
  const sizes = [MAX_MESSAGE_BYTES + 1, 65_535, 65_536, 2 ** 31 - 1, 2 ** 31, 2 ** 32, 2 ** 53 - 1, 2 ** 53];
  for (const claimedLength of [...sizes.map(BigInt), 2n ** 63n - 1n, 2n ** 63n, 2n ** 64n - 1n]) {
    for (const opcode of [text, binary]) {
      for (const fin of [true, false]) {
        const bytes = encodeFrame('x', {claimedLength, opcode, fin});
        yield {
          name: `${names[opcode]} that claims ${claimedLength}, fin ${fin}`,
          bytes,
          expect: ['close 1009'],
        };
      }
    }
  }
  // RFC 6455 requires the shortest form, but a longer one has the same meaning.
  yield {name: 'a length in 64 bits', bytes: subscribe('x', {longLength: true}), expect: answered('x')};
  const zeroMask = all(Buffer.from([0x81, 0x80 | message('x').length, 0, 0, 0, 0]), message('x'));
  yield {name: 'a mask of zeros', bytes: zeroMask, expect: answered('x')};
  for (const count of [2, 5, 10]) {
    const ids = Array.from({length: count}, (_, index) => `m${index}`);
    const bytes = all(...ids.map((id) => subscribe(id)));
    for (const chop of [undefined, 1, 11])
      yield {name: `${count} messages in writes of ${chop ?? 'all'}`, bytes, chop, expect: answered(...ids)};
  }
}

function* masking(): Generator<Vector> {
  for (let opcode = 0; opcode < 16; opcode += 1) {
    for (const content of ['', 'x'.repeat(20)]) {
      const bytes = encodeFrame(content, {opcode, masked: false});
      yield {name: `unmasked, opcode ${opcode}, ${content.length} bytes`, bytes, expect: ['close 1002']};
    }
  }
  const second = all(subscribe('x'), subscribe('y', {masked: false}));
  yield {
    name: 'an unmasked frame after a valid one',
    bytes: second,
    expect: [...answered('x'), 'close 1002'],
  };
}

function* pings(): Generator<Vector> {
  for (let size = 0; size <= 125; size += 1) {
    const payload = Buffer.alloc(size, 0xfe - size);
    yield {name: `ping of ${size}`, bytes: encodeFrame(payload, {opcode: ping}), expect: [ponged(payload)]};
  }
  for (const size of [126, 127, 128, 1000, 65_535, 65_536]) {
    for (const opcode of [ping, pong, close]) {
      const bytes = encodeFrame(Buffer.alloc(size), {opcode});
      yield {name: `${names[opcode === close ? 3 : opcode - 5]} of ${size}`, bytes, expect: ['close 1002']};
    }
  }
  for (const size of [0, 1, 64, 125]) {
    const bytes = encodeFrame(Buffer.alloc(size, 0xff), {opcode: pong});
    yield {name: `an unsolicited pong of ${size}`, bytes, expect: []};
    const both = all(bytes, encodeFrame('here', {opcode: ping}));
    yield {name: `a pong of ${size}, then a ping`, bytes: both, expect: [ponged('here')]};
  }
  const ten = Array.from({length: 10}, (_, index) => `ping ${index}`);
  for (const chop of [undefined, 1, 3]) {
    const bytes = all(...ten.map((content) => encodeFrame(content, {opcode: ping})));
    yield {name: `ten pings in writes of ${chop ?? 'all'}`, bytes, chop, expect: ten.map(ponged)};
  }
}

function* reservedBits(): Generator<Vector> {
  for (let rsv = 1; rsv < 8; rsv += 1) {
    for (const opcode of [continuation, text, binary, close, ping, pong]) {
      for (const fin of [true, false]) {
        const bytes = encodeFrame('', {opcode, fin, rsv});
        yield {name: `rsv ${rsv}, opcode ${opcode}, fin ${fin}`, bytes, expect: ['close 1002']};
      }
    }
    const behind = all(subscribe('x'), subscribe('y', {rsv}), subscribe('z'));
    yield {name: `rsv ${rsv} after a valid message`, bytes: behind, expect: [...answered('x'), 'close 1002']};
    const within = all(subscribe('x', {fin: false}), encodeFrame('', {opcode: continuation, rsv, fin: true}));
    yield {name: `rsv ${rsv} within a message`, bytes: within, expect: ['close 1002']};
  }
}

function* reservedOpcodes(): Generator<Vector> {
  for (const opcode of [3, 4, 5, 6, 7, 11, 12, 13, 14, 15]) {
    for (const fin of [true, false]) {
      for (const content of ['', 'x']) {
        const bytes = encodeFrame(content, {opcode, fin});
        yield {name: `opcode ${opcode}, fin ${fin}, ${content.length} bytes`, bytes, expect: ['close 1002']};
      }
    }
    const behind = all(subscribe('x'), encodeFrame('', {opcode}), encodeFrame('', {opcode: ping}));
    yield {
      name: `opcode ${opcode} after a message`,
      bytes: behind,
      expect: [...answered('x'), 'close 1002'],
    };
  }
}

function* fragmentation(): Generator<Vector> {
  for (const opcode of [ping, pong, close]) {
    const bytes = encodeFrame('', {opcode, fin: false});
    yield {name: `opcode ${opcode} in fragments`, bytes, expect: ['close 1002']};
  }
  const whole = message('frag');
  const hello = encodeFrame('hello', {opcode: ping});
  const none = Buffer.alloc(0);
  for (const chop of [undefined, 1, 5]) {
    for (const [what, between, pongs] of [
      ['', none, []],
      [', pings between', hello, [ponged('hello')]],
      [', pongs between', encodeFrame('hello', {opcode: pong}), []],
    ] as const) {
      for (const cuts of [[0], [1], [20], [whole.length], [1, 1], [0, 0, 10], [10, 20, 30]]) {
        const name = `cut at ${cuts.join(', ')}${what}, in writes of ${chop ?? 'all'}`;
        const expect = [...cuts.flatMap(() => pongs), ...answered('frag')];
        yield {name, bytes: fragments(whole, cuts, between), chop, expect};
      }
    }
  }
  for (const fin of [true, false]) {
    for (const content of ['', 'x', 'x'.repeat(200)]) {
      const bytes = encodeFrame(content, {opcode: continuation, fin});
      yield {
        name: `a continuation without a message, fin ${fin}, ${content.length}`,
        bytes,
        expect: ['close 1002'],
      };
      const behind = all(fragments(whole, [9]), bytes);
      const expect = [...answered('frag'), 'close 1002'];
      yield {name: `the same after a message, fin ${fin}, ${content.length}`, bytes: behind, expect};
    }
    for (const opcode of [text, binary]) {
      const bytes = all(encodeFrame('{', {fin: false}), encodeFrame('}', {opcode, fin}));
      yield {name: `a ${names[opcode]} within a message, fin ${fin}`, bytes, expect: ['close 1002']};
    }
  }
  const many = (count: number) =>
    all(
      ...Array.from({length: count - 1}, (_, index) =>
        encodeFrame(' ', {opcode: index === 0 ? text : continuation, fin: false}),
      ),
      encodeFrame(whole, {opcode: continuation}),
    );
  yield {name: '256 fragments', bytes: many(256), expect: answered('frag')};
  for (const count of [257, 300, 5000])
    yield {name: `[W14] ${count} fragments`, bytes: many(count), expect: ['close 1008']};
  const empty = (count: number) =>
    all(
      encodeFrame('', {fin: false}),
      ...Array.from({length: count}, () => encodeFrame('', {opcode: continuation, fin: false})),
    );
  yield {name: '[W14] 300 empty fragments', bytes: empty(300), expect: ['close 1008']};
  const half = Buffer.alloc(MAX_MESSAGE_BYTES / 2, 0x20);
  for (const over of [1, 100, MAX_MESSAGE_BYTES]) {
    const tail = Buffer.alloc(Math.min(over, 200), 0x20);
    const first = encodeFrame(half, {fin: false});
    const second = encodeFrame(half, {opcode: continuation, fin: false});
    const bytes = all(first, second, encodeFrame(tail, {opcode: continuation}));
    yield {
      name: `[W14] ${tail.length} bytes over the limit in the third fragment (${over})`,
      bytes,
      expect: ['close 1009'],
    };
  }
}

const validTexts = [
  '', 'x', 'Zürich', 'κόσμε', '日本語', '😀', '👩‍👩‍👧', 'a\u0301', '\u00a0', '\u0080', '\u07ff', '\u0800', '\ud7ff', '\ue000', '\ufffd', '\ufffe',
  '\uffff', '\u{10000}', '\u{1ffff}', '\u{2fffe}', '\u{5ffff}', '\u{10fffe}', '\u{10ffff}', '\ufeff', '\u2028', '\u202e', 'Hello-µ@ßöäüàá-UTF-8!!',
]; // biome-ignore format: a list

/** Bytes that are invalid UTF-8 at any position. */
const invalidTexts: Readonly<Record<string, readonly number[]>> = {
  'a continuation byte': [0x80],
  'the last continuation byte': [0xbf],
  'two continuation bytes': [0x80, 0xbf],
  'six continuation bytes': [0x80, 0xbf, 0x80, 0xbf, 0x80, 0xbf],
  'a lone 2-byte lead': [0xc2],
  'a 2-byte lead and a space': [0xc3, 0x20],
  'a lone 3-byte lead': [0xe0],
  'a 3-byte lead and one continuation': [0xe2, 0x82],
  'a 3-byte lead, one continuation and a letter': [0xe2, 0x82, 0x41],
  'a lone 4-byte lead': [0xf0],
  'a 4-byte lead and one continuation': [0xf0, 0x9f],
  'a 4-byte lead and two continuations': [0xf0, 0x9f, 0x98],
  'a 4-byte lead, two continuations and a letter': [0xf0, 0x9f, 0x98, 0x41],
  'a 5-byte lead': [0xf8, 0x88, 0x80, 0x80, 0x80],
  'a 6-byte lead': [0xfc, 0x84, 0x80, 0x80, 0x80, 0x80],
  FE: [0xfe],
  FF: [0xff],
  'FE FE FF FF': [0xfe, 0xfe, 0xff, 0xff],
  'an overlong slash in 2 bytes': [0xc0, 0xaf],
  'an overlong slash in 3 bytes': [0xe0, 0x80, 0xaf],
  'an overlong slash in 4 bytes': [0xf0, 0x80, 0x80, 0xaf],
  'overlong DEL': [0xc1, 0xbf],
  'overlong U+07FF': [0xe0, 0x9f, 0xbf],
  'an overlong U+FFFF': [0xf0, 0x8f, 0xbf, 0xbf],
  'overlong NUL': [0xc0, 0x80],
  'overlong quote': [0xc0, 0xa2],
  'U+D800': [0xed, 0xa0, 0x80],
  'U+DB7F': [0xed, 0xad, 0xbf],
  'U+DBFF': [0xed, 0xaf, 0xbf],
  'U+DC00': [0xed, 0xb0, 0x80],
  'U+DFFF': [0xed, 0xbf, 0xbf],
  'a pair of surrogates': [0xed, 0xa0, 0x80, 0xed, 0xb0, 0x80],
  'U+110000': [0xf4, 0x90, 0x80, 0x80],
  'U+13FFFF': [0xf4, 0xbf, 0xbf, 0xbf],
  'U+1FFFFF': [0xf7, 0xbf, 0xbf, 0xbf],
  F5: [0xf5, 0x80, 0x80, 0x80],
  'C3 28': [0xc3, 0x28],
  'E2 28 A1': [0xe2, 0x28, 0xa1],
  'F0 28 8C BC': [0xf0, 0x28, 0x8c, 0xbc],
};

function* utf8(): Generator<Vector> {
  const start = message('').length - 2;
  for (const id of validTexts) {
    const whole = message(id);
    const inside = Array.from({length: whole.length - start}, (_, index) => start + index);
    const expect = answered(id);
    const shown = JSON.stringify(id);
    yield {name: `${shown} in one frame`, bytes: encodeFrame(whole), expect};
    yield {name: `${shown} in one-byte fragments`, bytes: fragments(whole, inside), expect};
    yield {name: `${shown} in one-byte writes`, bytes: encodeFrame(whole), chop: 1, expect};
  }
  const expect = ['close 1007'];
  for (const [what, bytes] of Object.entries(invalidTexts)) {
    const whole = message(Uint8Array.from(bytes));
    const inside = Array.from({length: bytes.length + 1}, (_, index) => start + index);
    yield {name: `${what} in one frame`, bytes: encodeFrame(whole), expect};
    yield {name: `${what} in one-byte fragments`, bytes: fragments(whole, inside), expect};
    yield {name: `${what} in one-byte writes`, bytes: encodeFrame(whole), chop: 1, expect};
    yield {name: `${what} alone`, bytes: encodeFrame(Uint8Array.from(bytes)), expect};
    const reason = encodeClose(1000, Uint8Array.from(bytes));
    yield {name: `${what} as a close reason`, bytes: reason, expect};
    // Not at the first bad byte, which RFC 6455 allows, but before any of the message is processed.
    const bad = encodeFrame(Uint8Array.from(bytes), {fin: false});
    const late = all(bad, encodeFrame('later', {opcode: ping}), encodeFrame('', {opcode: continuation}));
    yield {
      name: `${what} in the first fragment, with a late last fragment`,
      bytes: late,
      expect: [ponged('later'), ...expect],
    };
  }
}

function* closing(): Generator<Vector> {
  const valid = [
    1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4401, 4999,
  ];
  for (const code of valid) {
    yield {name: `code ${code}`, bytes: encodeClose(code), expect: [`close ${code}`]};
    yield {
      name: `code ${code} with a reason`,
      bytes: encodeClose(code, 'tschüss'),
      expect: [`close ${code}`],
    };
  }
  const invalid = [
    0, 1, 16, 100, 500, 998, 999, 1004, 1005, 1006, 1015, 1016, 1100, 1999, 2000, 2999, 5000, 6000, 65_535,
  ];
  for (const code of invalid) {
    yield {name: `code ${code}`, bytes: encodeClose(code), expect: ['close 1002']};
    yield {name: `code ${code} with a reason`, bytes: encodeClose(code, 'x'), expect: ['close 1002']};
  }
  for (const length of [1, 2, 62, 122, 123]) {
    const bytes = encodeClose(1000, 'r'.repeat(length));
    yield {name: `a reason of ${length}`, bytes, expect: ['close 1000']};
    yield {name: `a reason of ${length} in one-byte writes`, bytes, chop: 1, expect: ['close 1000']};
  }
  yield {name: 'a reason of 124', bytes: encodeClose(1000, 'r'.repeat(124)), expect: ['close 1002']};
  yield {name: 'no code', bytes: encodeFrame('', {opcode: close}), expect: ['close 1005']};
  for (const byte of [0, 3, 255]) {
    const bytes = encodeFrame(Uint8Array.of(byte), {opcode: close});
    yield {name: `half a code, ${byte}`, bytes, expect: ['close 1002']};
  }
  const after = {
    'a message': subscribe('after'),
    'a ping': encodeFrame('after', {opcode: ping}),
    'another close': encodeClose(1001),
    'another close frame': encodeFrame('', {opcode: close}),
    'no frame': Buffer.from('GET / HTTP/1.1\r\n\r\n'),
    'a reserved opcode': encodeFrame('', {opcode: 3}),
    'sixteen KiB': encodeFrame(Buffer.alloc(MAX_MESSAGE_BYTES)),
  };
  for (const [what, tail] of Object.entries(after)) {
    const bytes = all(encodeClose(1000), tail);
    yield {name: `${what} after a close is ignored`, bytes, expect: ['close 1000']};
  }
  const within = all(encodeFrame('{"type":', {fin: false}), encodeClose(1000));
  yield {name: 'within a message', bytes: within, expect: ['close 1000']};
  const before = all(subscribe('before'), encodeFrame('p', {opcode: ping}), encodeClose(1000));
  yield {
    name: 'earlier messages are answered',
    bytes: before,
    expect: [...answered('before'), ponged('p'), 'close 1000'],
  };
}

function* content(): Generator<Vector> {
  const notObjects = [
    '', ' ', 'hello', '[]', '[{}]', '1', '-0', '1e999', 'null', 'true', '"x"', '{', '{"type":', "{'type':'session.heartbeat'}",
    '{"a":1} {"b":2}', '{"a":1}{"b":2}', '\ufeff{}', '\0', '{}\0', '{"a":NaN}', '{"a":undefined}', '{"a":01}', '{"a":1,}',
    '//\n{}', '{"a":"\n"}', '{"a":"\t"}', '{"a":"\\x41"}', '['.repeat(8000), '['.repeat(8000) + ']'.repeat(8000),
  ]; // biome-ignore format: a list
  for (const each of notObjects) {
    const name = `not a JSON object: ${JSON.stringify(each.slice(0, 30))}, ${each.length} characters`;
    yield {name, bytes: encodeFrame(each), expect: ['close 4400']};
  }
  const refused = [
    '{}', '{"type":null}', '{"type":7}', '{"type":[]}', '{"type":"nonsense"}', '{"type":"call.status"}', '{"type":"session.ready"}',
    '{"type":"__proto__"}', '{"type":"constructor"}', '{"type":"toString"}', '{"__proto__":{"type":"session.heartbeat"}}',
    '{"type":"session.heartbeat","extra":1}', '{"type":"session.heartbeat","__proto__":{"x":1}}', '{"type":"session.heartbeat","constructor":{}}',
    '{"type":"call.subscribe"}', '{"type":"call.subscribe","calls":"some"}', '{"type":"call.subscribe","calls":{}}', '{"type":"call.subscribe","calls":[1]}',
    '{"type":"call.subscribe","calls":[null]}', '{"type":"call.subscribe","calls":{"length":1}}',
    `{"type":"call.subscribe","calls":${JSON.stringify(Array.from({length: 101}, () => 'CA1'))}}`,
    '{"type":"call.action"}', '{"type":"call.action","action":"disconnect"}', '{"type":"call.action","action":"__proto__","callSid":"CA1"}',
    '{"type":"call.action","action":"disconnect","callSid":""}', '{"type":"call.action","action":"disconnect","callSid":["CA1"]}',
    '{"type":"session.refresh"}', '{"type":"session.refresh","token":7}', `{"type":"session.heartbeat","requestId":"${'x'.repeat(65)}"}`,
    '{"type":"session.heartbeat","requestId":7}', '{"type":"session.heartbeat","requestId":null}',
  ]; // biome-ignore format: a list
  for (const each of refused) {
    yield {
      name: `refused: ${each.slice(0, 70)}`,
      bytes: encodeFrame(each),
      expect: ['error invalid_message'],
    };
  }
}

/** All vectors by group. */
export const vectors: Readonly<Record<string, readonly Vector[]>> = {
  framing: [...framing()],
  masking: [...masking()],
  'pings and pongs': [...pings()],
  'reserved bits': [...reservedBits()],
  opcodes: [...reservedOpcodes()],
  fragmentation: [...fragmentation()],
  'UTF-8': [...utf8()],
  closing: [...closing()],
  content: [...content()],
};
