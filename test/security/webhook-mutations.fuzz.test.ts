/**
 * 200,000 mutations of recorded requests over HTTP (a tenth of them unless LONG=1).
 *
 * No mutation is appended or causes a 5xx, and a request that is not authentic is never accepted.
 */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import type {FormField} from '../../src/twilio/webhook/form.ts';
import {startGateway} from '../support/gateway/gateway.ts';
import {RawHttpClient} from '../support/http/raw-http.ts';
import {ManualClock} from '../support/manual-clock.ts';
import {SeededRandom} from '../support/simulation/random.ts';
import {
  ACCOUNT_SID,
  ALTERNATE_TOKEN,
  AUTH_TOKEN,
  completedFields,
  encodeForm,
  PUBLIC_URL,
  REFERENCE,
  ringingFields,
  sdkAccepts,
  sdkSignature,
  voiceFields,
} from '../support/twilio/twilio-requests.ts';

const MUTATIONS = process.env['LONG'] === '1' ? 200_000 : 20_000;
const SEED = Number(process.env['SEED'] ?? 7);
const CONNECTIONS = 16;

/** The target, headers and body of a request: the parts that a stranger can change. */
interface Recorded {
  readonly method: string;
  readonly path: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string;
}

function record(fields: readonly FormField[], path: string, token = AUTH_TOKEN): Recorded {
  const headers = [
    ['Host', 'gateway.example.com'],
    ['Content-Type', 'application/x-www-form-urlencoded; charset=UTF-8'],
    ['X-Twilio-Signature', sdkSignature(token, PUBLIC_URL + path, fields)],
    ['I-Twilio-Idempotency-Token', '8f2c6f1e-0d4b-4a51-b3a4-5b8e2d8f1c11'],
    ['User-Agent', 'TwilioProxy/1.1'],
  ] as const;
  return {method: 'POST', path, headers, body: encodeForm(fields).toString('latin1')};
}

const addOns: FormField = ['AddOns', '{"status":"successful","CallStatus":"x","results":{"a":"CallSid"}}'];
const recordings: readonly Recorded[] = [
  record(ringingFields, `/twilio/status?ref=${REFERENCE}`),
  record(completedFields, `/twilio/status?ref=${REFERENCE}`),
  record(completedFields, '/twilio/status', ALTERNATE_TOKEN),
  record(voiceFields, '/twilio/voice'),
  record([...ringingFields, addOns], '/twilio/status'),
];

const pieces = [
  '', '&', '=', '%', '+', '%00', '%C3', '%26', '%3D', '&&', ';', '#', '?', '[]', '[a]', '\0', '\x7f', '\xff', '\xc3\x28', '%ff', '%u0041',
  '__proto__', 'constructor', 'CallSid', 'CallStatus=completed', 'SequenceNumber=9', '\ufeff', '/', '//', '/../', '%2e%2e', ' ', '\t', 'A'.repeat(300),
]; // biome-ignore format: a list

function mutateText(random: SeededRandom, text: string): string {
  const at = random.below(text.length + 1);
  const length = random.below(5);
  const cut = text.slice(at, at + length);
  const instead = [
    random.pick(pieces),
    cut.repeat(2),
    cut.toUpperCase(),
    cut.toLowerCase(),
    String.fromCharCode(random.below(256)),
  ];
  return text.slice(0, at) + random.pick(instead) + text.slice(at + length);
}

function mutatePairs(random: SeededRandom, body: string): string {
  const pairs = body.split('&');
  const [a, b] = [random.below(pairs.length), random.below(pairs.length)];
  const [one = '', other = ''] = [pairs[a], pairs[b]];
  const [name = '', value = ''] = one.split('=');
  switch (random.below(8)) {
    case 0:
      return pairs.toSpliced(a, 1).join('&');
    case 1:
      return pairs.toSpliced(b, 0, one).join('&');
    case 2:
      return pairs.with(a, other).with(b, one).join('&');
    case 3:
      return pairs.with(a, name + value).join('&');
    case 4:
      return pairs
        .with(a, `${name}=${value}${other.replace('=', '')}`)
        .toSpliced(b, 1)
        .join('&');
    case 5:
      return pairs.with(a, `${name}[x]=${value}`).join('&');
    case 6:
      return pairs
        .with(
          a,
          `${name}=${random.pick(['completed', 'failed', '', '0', value + value, `CA${'9'.repeat(32)}`])}`,
        )
        .join('&');
    default:
      return pairs.with(a, `${name.slice(0, -1)}=${name.slice(-1)}${value}`).join('&');
  }
}

function mutateHeaders(random: SeededRandom, headers: Recorded['headers']): Recorded['headers'] {
  const at = random.below(headers.length);
  const [name, value] = headers[at] ?? ['', ''];
  // Line endings would split the request, which is not the subject here.
  const plain = (text: string) => text.replaceAll(/[\r\n]/g, '');
  switch (random.below(6)) {
    case 0:
      return headers.toSpliced(at, 1);
    case 1:
      return headers.with(at, [name, plain(mutateText(random, value))]);
    case 2:
      return [...headers, [name, value]];
    case 3:
      return [
        ...headers,
        random.pick([
          ['Content-Encoding', 'gzip'],
          ['X-Forwarded-Host', 'evil.example'],
          ['X-HTTP-Method-Override', 'GET'],
        ] as const),
      ];
    case 4:
      return headers.with(at, [name, plain(random.pick(pieces))]);
    default:
      return headers.with(at, [name, value.toLowerCase()]);
  }
}

function mutate(random: SeededRandom, recorded: Recorded): Recorded {
  switch (random.below(10)) {
    case 0:
      return {...recorded, path: mutateText(random, recorded.path).replaceAll(/[\r\n]/g, '')};
    case 1:
      return {...recorded, path: random.pick(recordings).path};
    case 2:
      return {
        ...recorded,
        method: random.pick(['GET', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'post', 'POST']),
      };
    case 3:
    case 4:
      return {...recorded, headers: mutateHeaders(random, recorded.headers)};
    case 5:
    case 6:
      return {...recorded, body: mutatePairs(random, recorded.body)};
    case 7:
      return {...recorded, headers: random.pick(recordings).headers};
    default:
      return {...recorded, body: mutateText(random, recorded.body)};
  }
}

function toBytes({method, path, headers, body}: Recorded): Buffer {
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  const length = Buffer.byteLength(body, 'latin1');
  return Buffer.from(
    `${method} ${path} HTTP/1.1\r\n${lines}Content-Length: ${length}\r\n\r\n${body}`,
    'latin1',
  );
}

function sdkTakes({path, headers, body}: Recorded): boolean {
  const signatures = headers
    .filter(([name]) => name === 'X-Twilio-Signature')
    .map(([, value]) => value.trim());
  // Neither spaces around a request's target nor a fragment are part of the signed URL.
  const url = PUBLIC_URL + path.trim().replace(/^([^?]*)#.*$/, '$1');
  const bytes = Buffer.from(body, 'latin1').toString('utf8');
  const fields: FormField[] = [...new URLSearchParams(`&${bytes}`)];
  return signatures.some((signature) =>
    [AUTH_TOKEN, ALTERNATE_TOKEN].some((token) => sdkAccepts(token, signature, url, fields)),
  );
}

test(`[H5] ${MUTATIONS} mutations of recorded requests are never appended, cause no 5xx, and pass only if the SDK accepts them`, async (t) => {
  const env = {
    TWILIO_ACCOUNT_SID: ACCOUNT_SID,
    TWILIO_AUTH_TOKEN: AUTH_TOKEN,
    TWILIO_AUTH_TOKEN_ALTERNATE: ALTERNATE_TOKEN,
    PUBLIC_URL,
    LOG_LEVEL: 'error',
  };
  await using gateway = await startGateway({env, clock: new ManualClock(Date.UTC(2018, 2, 25, 9, 55))});
  const clients = Array.from({length: CONNECTIONS}, () => new RawHttpClient(gateway.url));
  const [first] = clients;
  for (const recorded of recordings) {
    const answer = await first?.ask(toBytes(recorded));
    assert.ok(answer?.status === 200 || answer?.status === 204, `${answer?.status}: the recording itself`);
  }
  const head = async () => (await (await gateway.session()).ready()).offset;
  const before = await head();
  assert.equal(before, recordings.length);
  const counts = new Map<number, number>();
  const random = new SeededRandom(SEED);
  let left = MUTATIONS;
  const work = async (client: RawHttpClient) => {
    while (left > 0) {
      left -= 1;
      let mutated = mutate(random, random.pick(recordings));
      while (random.chance(0.4)) mutated = mutate(random, mutated);
      const bytes = toBytes(mutated);
      const {status} = await client.ask(bytes);
      counts.set(status, (counts.get(status) ?? 0) + 1);
      const describe = () => `${status} for ${JSON.stringify(mutated)}`;
      assert.ok(status !== 0 && status < 500, describe());
      if (status < 300 && mutated.method === 'POST') assert.ok(sdkTakes(mutated), describe());
    }
  };
  await Promise.all(clients.map(work));
  for (const client of clients) client.close();
  t.diagnostic(`seed ${SEED}: ${JSON.stringify(Object.fromEntries([...counts].sort(([a], [b]) => a - b)))}`);
  assert.equal(await head(), before, 'something was appended');
  assert.deepEqual(gateway.logs, []);
});
