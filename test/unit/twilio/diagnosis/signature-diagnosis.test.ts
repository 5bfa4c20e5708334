/**
 * The diagnosis of a signature mismatch (H7).
 *
 * The official SDK signs one candidate and another one arrives. The diagnosis must name exactly the signed
 * one.
 */
import assert from 'node:assert/strict';
import {createHash} from 'node:crypto';
import {test} from 'node:test';
import fc from 'fast-check';
import twilio from 'twilio';
import {
  diagnose,
  MAX_SPELLINGS,
  type RefusedRequest,
} from '../../../../src/twilio/diagnosis/signature-diagnosis.ts';

const TOKEN = '0123456789abcdef0123456789abcdef';
const ALTERNATE = 'fedcba9876543210fedcba9876543210';
const ACCOUNT = `AC${'1'.repeat(32)}`;
const PUBLIC_URL = 'https://gateway.example.com';

const fields: Readonly<Record<string, string>> = {
  AccountSid: ACCOUNT,
  ApiVersion: '2010-04-01',
  CallSid: `CA${'2'.repeat(32)}`,
  CallStatus: 'ringing',
  CallerName: 'José & Söhne',
  Direction: 'inbound',
  From: '+14155550100',
  FromCity: 'SAN FRANCISCO',
  FromZip: '',
  To: '+14155550199',
};

type Fields = Readonly<Record<string, string>>;

interface Came extends Partial<Omit<RefusedRequest, 'headers' | 'body'>> {
  /** The URL that Twilio signed. */
  readonly url: string;
  readonly signedFields?: Fields;
  readonly token?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

/** Signs with the SDK, and diagnoses the received request. */
function ask({url, signedFields = fields, token = TOKEN, headers = {}, body, ...came}: Came) {
  return diagnose({
    publicUrl: PUBLIC_URL,
    accountSid: ACCOUNT,
    authTokens: [TOKEN],
    port: 8081,
    routePath: '/twilio/status',
    target: '/twilio/status',
    method: 'POST',
    httpStatus: 403,
    tokenProven: false,
    ...came,
    headers: new Map(
      Object.entries({
        host: 'gateway.example.com',
        'x-twilio-signature': twilio.getExpectedTwilioSignature(token, url, signedFields),
        ...headers,
      }),
    ),
    body: Buffer.from(body ?? new URLSearchParams(fields).toString()),
  });
}

function matchesOf(diagnosis: ReturnType<typeof diagnose>) {
  return diagnosis.candidates.filter(({matches}) => matches);
}

const CONSOLE = '“Call status changes” of the number, in the Twilio console';
const EXPECTED = `${PUBLIC_URL}/twilio/status`;

/** The signed URL, the received request, and the setting that the diagnosis proposes. */
const urls: readonly (Came & {
  readonly what: string;
  readonly difference: string;
  readonly setting?: {readonly name: string; readonly value?: string};
})[] = [
  {
    what: 'behind ngrok, after its host name has changed',
    url: 'https://abc.ngrok.app/twilio/status',
    headers: {host: 'abc.ngrok.app', 'x-forwarded-host': 'abc.ngrok.app', 'x-forwarded-proto': 'https'},
    difference: 'host abc.ngrok.app (from X-Forwarded-Host)',
    setting: {name: 'PUBLIC_URL', value: 'https://abc.ngrok.app'},
  },
  {
    what: 'behind ngrok with --host-header, PUBLIC_URL left at the local address',
    publicUrl: 'http://127.0.0.1:8081',
    url: 'https://abc.ngrok.app/twilio/status',
    headers: {host: '127.0.0.1:8081', 'x-forwarded-host': 'abc.ngrok.app', 'x-forwarded-proto': 'https'},
    difference: 'https instead of http, host abc.ngrok.app (from X-Forwarded-Host), without the port',
    setting: {name: 'PUBLIC_URL', value: 'https://abc.ngrok.app'},
  },
  {
    what: 'behind a proxy that terminates TLS and passes Host on',
    publicUrl: 'http://localhost:8081',
    url: 'https://calls.example.org/twilio/status',
    headers: {host: 'calls.example.org', 'x-forwarded-proto': 'https'},
    difference: 'https instead of http, host calls.example.org (from Host), without the port',
    setting: {name: 'PUBLIC_URL', value: 'https://calls.example.org'},
  },
  {
    what: 'a standard Forwarded header',
    url: 'https://calls.example.org/twilio/status',
    headers: {host: 'gateway:8081', forwarded: 'for=192.0.2.1;host="calls.example.org";proto=https'},
    difference: 'host calls.example.org (from Forwarded)',
    setting: {name: 'PUBLIC_URL', value: 'https://calls.example.org'},
  },
  {
    what: 'http at Twilio, but https expected',
    url: 'http://gateway.example.com/twilio/status',
    difference: 'http instead of https',
    setting: {name: CONSOLE, value: EXPECTED},
  },
  {
    what: 'http at Twilio, and another host',
    url: 'http://old.example.com/twilio/status',
    headers: {host: 'old.example.com'},
    difference: 'http instead of https, host old.example.com (from Host)',
    setting: {name: 'PUBLIC_URL', value: 'https://old.example.com'},
  },
  {
    what: 'a port in the URL that Host names',
    url: 'https://gateway.example.com:8443/twilio/status',
    headers: {host: 'gateway.example.com:8443'},
    difference: 'with port 8443',
    setting: {name: 'PUBLIC_URL', value: 'https://gateway.example.com:8443'},
  },
  {
    what: 'the listening port in the URL',
    url: 'https://gateway.example.com:8081/twilio/status',
    difference: 'with port 8081',
    setting: {name: 'PUBLIC_URL', value: 'https://gateway.example.com:8081'},
  },
  {
    what: "the scheme's own port written out",
    url: 'https://gateway.example.com:443/twilio/status',
    difference: 'with port 443',
    setting: {name: CONSOLE, value: EXPECTED},
  },
  {
    what: 'a trailing slash that the proxy removes',
    url: `${EXPECTED}/`,
    difference: 'a slash at the end of the path',
    setting: {name: CONSOLE, value: EXPECTED},
  },
  {
    what: 'a prefix that the proxy removes and PUBLIC_URL lacks',
    url: `${PUBLIC_URL}/hooks/twilio/status`,
    headers: {'x-forwarded-prefix': '/hooks'},
    difference: 'path /hooks/twilio/status',
    setting: {name: 'PUBLIC_URL', value: `${PUBLIC_URL}/hooks`},
  },
  {
    what: 'a path in PUBLIC_URL that Twilio does not call',
    publicUrl: `${PUBLIC_URL}/voice`,
    url: EXPECTED,
    difference: 'path /twilio/status',
    setting: {name: 'PUBLIC_URL', value: PUBLIC_URL},
  },
  {
    what: 'the path of PUBLIC_URL twice',
    publicUrl: `${PUBLIC_URL}/voice`,
    target: '/voice/twilio/status',
    url: `${PUBLIC_URL}/voice/voice/twilio/status`,
    difference: 'path /voice/voice/twilio/status',
    setting: {name: CONSOLE, value: `${PUBLIC_URL}/voice/twilio/status`},
  },
  {
    what: 'the path of PUBLIC_URL with different case',
    publicUrl: `${PUBLIC_URL}/Voice`,
    url: `${PUBLIC_URL}/voice/twilio/status`,
    difference: 'other case in the path',
    setting: {name: 'PUBLIC_URL', value: `${PUBLIC_URL}/voice`},
  },
  {
    what: 'another host and another path',
    publicUrl: `${PUBLIC_URL}/voice`,
    url: 'https://abc.ngrok.app/twilio/status',
    headers: {host: 'abc.ngrok.app'},
    difference: 'host abc.ngrok.app (from Host), path /twilio/status',
    setting: {name: 'PUBLIC_URL', value: 'https://abc.ngrok.app'},
  },
  {
    what: 'a query that was added on the way',
    url: EXPECTED,
    target: '/twilio/status?via=proxy',
    difference: 'without the query',
  },
  {
    what: 'one parameter that was added on the way',
    url: `${EXPECTED}?ref=Zk3vQ9-abcdefgh_012345`,
    target: '/twilio/status?ref=Zk3vQ9-abcdefgh_012345&via=proxy',
    difference: 'another encoding of the query',
  },
  {
    what: 'a query with %20 that arrived with +',
    url: `${EXPECTED}?team=first%20line`,
    target: '/twilio/status?team=first+line',
    difference: 'another encoding of the query',
  },
  {
    what: 'a query with + that arrived with %20',
    url: `${EXPECTED}?team=first+line`,
    target: '/twilio/status?team=first%20line',
    difference: 'another encoding of the query',
  },
  {
    what: 'a query that was encoded on the way',
    url: `${EXPECTED}?team=a:b`,
    target: '/twilio/status?team=a%3Ab',
    difference: 'another encoding of the query',
  },
  {
    what: 'the rotated token and a wrong host, with the alternate token configured',
    authTokens: [TOKEN, ALTERNATE],
    token: ALTERNATE,
    url: 'https://abc.ngrok.app/twilio/status',
    headers: {host: 'abc.ngrok.app'},
    difference: 'host abc.ngrok.app (from Host)',
    setting: {name: 'PUBLIC_URL', value: 'https://abc.ngrok.app'},
  },
];

for (const {what, difference, setting, ...came} of urls) {
  test(`[H7] ${what}: ${difference}`, () => {
    const diagnosis = ask(came);
    const matches = matchesOf(diagnosis);
    const token = came.token === ALTERNATE ? 'alternate' : 'primary';
    assert.deepEqual(matches, [{url: came.url, token, difference, matches: true}]);
    assert.ok(diagnosis.finding.includes(came.url), diagnosis.finding);
    assert.deepEqual(diagnosis.setting, setting);
    assertPlain(diagnosis, came);
  });
}

/** A proposed PUBLIC_URL makes the same request pass. */
for (const {what, setting, ...came} of urls.filter((each) => each.setting?.name === 'PUBLIC_URL')) {
  test(`[H7] ${what}: with the proposed PUBLIC_URL, the URL at Twilio is the expected one`, () => {
    const publicUrl = setting?.value ?? '';
    const {expectedUrl} = ask({...came, publicUrl});
    assert.equal(expectedUrl.replace('https:', ''), came.url.replace(/^https?:/, ''));
  });
}

const {FromZip: _, ...withoutEmpty} = fields;
const geography = ['From', 'To', 'Caller', 'Called'].flatMap((party) =>
  ['City', 'State', 'Zip', 'Country'].map((part) => party + part),
);
const allGeography: Fields = {...Object.fromEntries(geography.map((name) => [name, ''])), ...fields};

const bodies: readonly {
  readonly what: string;
  readonly body: string | Buffer;
  readonly signedFields?: Fields;
}[] = [
  {what: 'whitespace was added at the end', body: `${new URLSearchParams(fields).toString()}\r\n`},
  {
    what: 'fields were decoded and not encoded again',
    body: Object.entries(fields)
      .filter(([name]) => name !== 'CallerName')
      .map((pair) => pair.join('='))
      .join('&'),
    signedFields: Object.fromEntries(Object.entries(fields).filter(([name]) => name !== 'CallerName')),
  },
  {
    what: 'fields were encoded twice',
    body: Object.entries(fields)
      .map(([name, value]) => `${name}=${encodeURIComponent(encodeURIComponent(value))}`)
      .join('&'),
  },
  {
    what: 'the charset was changed to Latin-1',
    body: new URLSearchParams(fields).toString().replace('%C3%A9', '%E9').replace('%C3%B6', '%F6'),
  },
  {
    what: 'UTF-8 was read as Latin-1 and encoded again',
    body: new URLSearchParams({
      ...fields,
      CallerName: Buffer.from(fields['CallerName'] ?? '').toString('latin1'),
    }).toString(),
  },
  {
    what: 'empty fields were dropped',
    body: new URLSearchParams(withoutEmpty).toString(),
    signedFields: allGeography,
  },
  {
    what: 'fields were added (proxy_id)',
    body: new URLSearchParams({...fields, proxy_id: '7'}).toString(),
  },
  {
    what: 'empty fields were added',
    body: new URLSearchParams({...fields, CallerState: ''}).toString(),
    signedFields: withoutEmpty,
  },
  {what: 'the form was turned into JSON', body: JSON.stringify(fields)},
  {what: 'signed without the fields', body: new URLSearchParams(fields).toString(), signedFields: {}},
];

for (const {what, ...came} of bodies) {
  test(`[H7] the body: ${what}`, () => {
    const diagnosis = ask({url: EXPECTED, ...came});
    assert.deepEqual(matchesOf(diagnosis), [
      {url: EXPECTED, token: 'primary', difference: what, matches: true},
    ]);
    assert.ok(diagnosis.finding.includes(what), diagnosis.finding);
    assert.equal(diagnosis.setting, undefined);
    assertPlain(diagnosis, {url: EXPECTED, ...came});
  });
}

test('[H7] a body that was only reordered matches, because the order of fields does not matter', () => {
  const body = new URLSearchParams(Object.entries(fields).toReversed()).toString();
  assert.equal(matchesOf(ask({url: EXPECTED, body}))[0]?.difference, 'as expected');
});

test('[H7] JSON with a bodySHA256 is another Twilio product, with and without the body at hand', () => {
  const body = JSON.stringify({event: 'x'});
  const hash = createHash('sha256').update(body).digest('hex');
  const target = `/twilio/status?bodySHA256=${hash}`;
  const json = {url: PUBLIC_URL + target, target, signedFields: {}, httpStatus: 415, body};
  for (const came of [json, {...json, body: ''}]) {
    const diagnosis = ask(came);
    assert.equal(matchesOf(diagnosis).length, 1);
    assert.match(diagnosis.finding, /^Twilio signed a JSON body/);
  }
});

test('[H7] another token and nothing accepted before: three causes remain, and TWILIO_AUTH_TOKEN is to be compared', () => {
  for (const token of ['f'.repeat(32), 'test-credentials-token']) {
    const diagnosis = ask({url: EXPECTED, token});
    assert.deepEqual(matchesOf(diagnosis), []);
    assert.match(
      diagnosis.finding,
      /three possible causes: .* another auth token, a proxy rewrites the body .*, or Twilio has a URL with another path/,
    );
    assert.match(diagnosis.remedy, /test credentials/);
    assert.deepEqual(diagnosis.setting, {name: 'TWILIO_AUTH_TOKEN'});
  }
});

test('[H7] a rotated token after accepted requests: TWILIO_AUTH_TOKEN_ALTERNATE is proposed', () => {
  const diagnosis = ask({url: EXPECTED, token: ALTERNATE, tokenProven: true});
  assert.deepEqual(diagnosis.setting, {name: 'TWILIO_AUTH_TOKEN_ALTERNATE'});
  assert.match(diagnosis.remedy, /Set TWILIO_AUTH_TOKEN_ALTERNATE/);
  const both = ask({url: EXPECTED, token: 'x'.repeat(32), authTokens: [TOKEN, ALTERNATE], tokenProven: true});
  assert.match(both.remedy, /Check TWILIO_AUTH_TOKEN_ALTERNATE/);
});

test('[H7] another account: both are named, and a foreign account is never proposed as a value', () => {
  const other = {...fields, AccountSid: `AC${'9'.repeat(32)}`};
  const body = new URLSearchParams(other).toString();
  const diagnosis = ask({url: EXPECTED, token: ALTERNATE, signedFields: other, body});
  assert.match(diagnosis.finding, new RegExp(`${other.AccountSid}.*${ACCOUNT}`));
  assert.deepEqual(diagnosis.setting, {name: 'TWILIO_ACCOUNT_SID'});
});

test('[H7] a body that was dropped on the way is reported', () => {
  assert.match(ask({url: EXPECTED, body: Buffer.alloc(0)}).finding, /arrived without fields/);
});

test("[H7] without a signature nothing is computed, and Twilio's user agent is distinguished from strangers", () => {
  const request = (userAgent: string) =>
    diagnose({
      publicUrl: PUBLIC_URL,
      accountSid: ACCOUNT,
      authTokens: [TOKEN],
      port: 0,
      routePath: '/twilio/status',
      target: '/twilio/status',
      method: 'POST',
      httpStatus: 403,
      tokenProven: false,
      headers: new Map([['user-agent', userAgent]]),
      body: undefined,
    });
  assert.deepEqual(request('curl/8').candidates, []);
  assert.match(request('curl/8').finding, /probably not from Twilio/);
  assert.match(request('TwilioProxy/1.1').remedy, /forward X-Twilio-Signature/);
});

test('[H7] a malformed signature header and a repeated one are reported', () => {
  const odd = (header: string) => ask({url: EXPECTED, headers: {'x-twilio-signature': header}});
  assert.match(odd('hello').finding, /does not contain/);
  assert.match(odd(`${'A'.repeat(27)}=, ${'A'.repeat(27)}=`).finding, /more than one/);
  assert.deepEqual(odd('hello').candidates, []);
});

test('[H7] refusals before the signature are explained: method, path and content type', () => {
  const get = ask({url: EXPECTED, method: 'GET', httpStatus: 405});
  assert.deepEqual(get.setting, {name: `HTTP method of ${CONSOLE}`, value: 'HTTP POST'});
  const slash = ask({url: `${EXPECTED}/`, target: '/twilio/status/', httpStatus: 404});
  assert.match(slash.finding, /a slash at the end of the path/);
  assert.deepEqual(slash.setting, {name: CONSOLE, value: EXPECTED});
  const twice = ask({
    url: EXPECTED,
    publicUrl: `${PUBLIC_URL}/voice`,
    target: '/voice/voice/twilio/status',
    httpStatus: 404,
  });
  assert.match(twice.finding, /path of PUBLIC_URL twice/);
  const json = ask({url: EXPECTED, httpStatus: 415, headers: {'content-type': 'application/json'}});
  assert.match(json.finding, /of type “application\/json”/);
});

test('[H7] a URL that the gateway itself gave to Twilio is not proposed for the Twilio console', () => {
  const query = '?ref=Zk3vQ9-abcdefgh_012345';
  const diagnosis = ask({url: `${EXPECTED}/${query}`, target: `/twilio/status${query}`});
  assert.equal(matchesOf(diagnosis).length, 1);
  assert.equal(diagnosis.setting, undefined);
  assert.match(diagnosis.remedy, /redirect or rewrite/);
});

test("[H7] a value from a stranger's headers is proposed only if our token signed it", () => {
  const diagnosis = ask({
    url: 'https://evil.example.com/twilio/status',
    token: 'the-stranger-s-own-token',
    headers: {host: 'evil.example.com', 'x-forwarded-host': 'evil.example.com'},
  });
  assert.doesNotMatch(JSON.stringify(diagnosis.setting), /evil/);
  assert.doesNotMatch(diagnosis.finding + diagnosis.remedy, /evil/);
});

test('[H7] every request gets a diagnosis with bounded work and without a token or a signature', () => {
  const header = fc.string({maxLength: 60});
  fc.assert(
    fc.property(
      fc.record({
        host: fc.oneof(header, fc.constantFrom('a.b:1', '[::1]:80', 'a,b,c,d,e,f', 'x'.repeat(9000))),
        forwardedHost: fc.oneof(
          header,
          fc.array(fc.domain(), {maxLength: 9}).map((all) => all.join(', ')),
        ),
        target: fc.oneof(
          fc.webPath().map((path) => path || '/'),
          header,
          fc.constant(`/twilio/status?${'a&'.repeat(4000)}`),
        ),
        body: fc.oneof(fc.uint8Array({maxLength: 400}), fc.constant(Buffer.from('a&'.repeat(8000)))),
        publicUrl: fc.constantFrom(PUBLIC_URL, `${PUBLIC_URL}/a/B`, 'http://[::1]:8081'),
      }),
      ({host, forwardedHost, target, body, publicUrl}) => {
        const came: Came = {
          url: 'https://elsewhere.example.com/',
          publicUrl,
          target,
          body: Buffer.from(body),
          authTokens: [TOKEN, ALTERNATE],
          headers: {host, 'x-forwarded-host': forwardedHost, forwarded: host, 'x-forwarded-prefix': host},
        };
        const diagnosis = ask(came);
        assert.ok(diagnosis.candidates.length <= 2 * MAX_SPELLINGS, String(diagnosis.candidates.length));
        const shown = JSON.stringify(diagnosis);
        assert.ok(!shown.includes(TOKEN) && !shown.includes(ALTERNATE));
        assert.ok(shown.length < 600_000, String(shown.length));
      },
    ),
    {numRuns: 200},
  );
});

/** Checks that each text is one sentence and reveals no token and no signature of any candidate. */
function assertPlain(
  diagnosis: ReturnType<typeof diagnose>,
  {url, signedFields = fields, token = TOKEN}: Came,
) {
  for (const sentence of [diagnosis.finding, diagnosis.remedy]) assert.match(sentence, /^[A-Z].*[.]$/s);
  const shown = JSON.stringify(diagnosis);
  for (const secret of [TOKEN, ALTERNATE, twilio.getExpectedTwilioSignature(token, url, signedFields)])
    assert.ok(!shown.includes(secret), shown);
  for (const candidate of diagnosis.candidates) {
    if (!URL.canParse(candidate.url)) continue;
    const computed = twilio.getExpectedTwilioSignature(TOKEN, candidate.url, signedFields);
    assert.ok(!shown.includes(computed));
  }
}
