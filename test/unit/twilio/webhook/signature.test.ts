import assert from 'node:assert/strict';
import {test} from 'node:test';
import fc from 'fast-check';
import type {FormField} from '../../../../src/twilio/webhook/form.ts';
import {parseForm} from '../../../../src/twilio/webhook/form.ts';
import {sign, signatureUrls, signedText, verifySignature} from '../../../../src/twilio/webhook/signature.ts';
import {sdkAccepts, sdkSignature} from '../../../support/twilio/twilio-requests.ts';

const URL_U = 'https://mycompany.com/myapp.php?foo=1&bar=2';
const P: readonly FormField[] = [
  ['CallSid', 'CA1234567890ABCDE'],
  ['Caller', '+14158675309'],
  ['Digits', '1234'],
  ['From', '+14158675309'],
  ['To', '+18005551212'],
];
const CAPTURED =
  'Called=%2B491703330161&ToState=&CallerCountry=US&Direction=outbound-api&CallerState=CA&ToZip=&CallSid=test-call-sid&To=%2B491703330161&CallerZip=&ToCountry=DE&CalledZip=&ApiVersion=2010-04-01&CalledCity=&CallStatus=in-progress&From=%2B16505055892&AccountSid=test-account-sid&CalledCountry=DE&CallerCity=&ToCity=&FromCountry=US&Caller=%2B16505055892&FromCity=&CalledState=&FromZip=&FromState=CA';

function formOf(body: string): readonly FormField[] {
  const form = parseForm(Buffer.from(body));
  assert.equal(form.kind, 'form');
  return form.kind === 'form' ? form.fields : [];
}

const vectors: readonly {
  name: string;
  token?: string;
  url: string;
  fields: readonly FormField[];
  signature: string;
}[] = [
  {name: 'the documented example', url: URL_U, fields: P, signature: 'RSOYDt4T1cUTdK1PDd93/VVr8B8='},
  {
    name: 'with :443',
    url: URL_U.replace('.com', '.com:443'),
    fields: P,
    signature: 'kvajT1Ptam85bY51eRf/AJRuM3w=',
  },
  {
    name: 'http with a port',
    url: URL_U.replace('https', 'http').replace('.com', '.com:1234'),
    fields: P,
    signature: 'Zmvh+3yNM1Phv2jhDCwEM3q5ebU=',
  },
  {
    name: 'repeated names',
    url: URL_U,
    fields: [
      ['Sid', 'CA123'],
      ['SidAccount', 'AC123'],
      ['Digits', '5678'],
      ['Digits', '1234'],
      ['Digits', '1234'],
    ],
    signature: 'IK+Dwps556ElfBT0I3Rgjkr1wJU=',
  },
  {
    name: 'no fields',
    url: `${URL_U}&bodySHA256=0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620`,
    fields: [],
    signature: 'a9nBmqA0ju/hNViExpshrM61xv4=',
  },
  {
    name: 'an empty value',
    url: URL_U,
    fields: [...P, ['ForwardedFrom', '']],
    signature: '5eWcTAiF7RHLjC8x9rN5lf+Ntis=',
  },
  {
    name: 'a captured voice request',
    token: 'secret',
    url: 'https://example.com/voice/webhook',
    fields: formOf(CAPTURED),
    signature: 'KOEOMoF/g4CsG6Eh3lIavri38Oc=',
  },
];

for (const {name, token = '12345', url, fields, signature} of vectors) {
  test(`[H5] signature vector: ${name}`, () => {
    assert.equal(sign(token, url, fields), signature);
    assert.equal(
      verifySignature({signature, authTokens: [token], urls: [url], text: signedText(fields)}),
      true,
    );
    assert.equal(
      verifySignature({signature, authTokens: ['other'], urls: [url], text: signedText(fields)}),
      false,
    );
    assert.equal(
      verifySignature({signature, authTokens: [token], urls: [`${url}x`], text: signedText(fields)}),
      false,
    );
    assert.equal(sdkAccepts(token, signature, url, fields), true);
  });
}

test('[H5] every token is tried, and an empty token never matches', () => {
  const signature = sign('new', URL_U, P);
  assert.equal(
    verifySignature({signature, authTokens: ['old', 'new'], urls: [URL_U], text: signedText(P)}),
    true,
  );
  assert.equal(verifySignature({signature, authTokens: ['old'], urls: [URL_U], text: signedText(P)}), false);
  assert.equal(verifySignature({signature, authTokens: [], urls: [URL_U], text: signedText(P)}), false);
  const unkeyed = sign('', URL_U, P);
  assert.equal(
    verifySignature({signature: unkeyed, authTokens: [''], urls: [URL_U], text: signedText(P)}),
    false,
  );
});

test('[H5] the header must be exactly one canonical base64 SHA-1', () => {
  const good = 'RSOYDt4T1cUTdK1PDd93/VVr8B8=';
  const check = (signature: string | undefined) =>
    verifySignature({signature, authTokens: ['12345'], urls: [URL_U], text: signedText(P)});
  assert.equal(check(good), true);
  const bad = [
    undefined,
    '',
    good.slice(0, -1),
    `${good}=`,
    ` ${good}`,
    `${good} `,
    `${good}\n`,
    `${good}, ${good}`,
    good.replace('8=', '9='), // the same bytes, with unused bits set
    good.replaceAll('/', '_'),
    good.toLowerCase(),
    Buffer.from(good, 'base64').toString('hex'),
  ];
  for (const signature of bad) assert.equal(check(signature), false, JSON.stringify(signature));
});

test('[H5] the signed URL is PUBLIC_URL plus the raw target, and https may omit its port', () => {
  const target = '/twilio/status?ref=a%20b';
  assert.deepEqual(signatureUrls('https://a.example', target), [`https://a.example${target}`]);
  assert.deepEqual(signatureUrls('https://a.example/base', '/x'), ['https://a.example/base/x']);
  assert.deepEqual(signatureUrls('https://a.example:8443/b:1', '/x'), [
    'https://a.example:8443/b:1/x',
    'https://a.example/b:1/x',
  ]);
  assert.deepEqual(signatureUrls('https://[::1]:8443', '/x'), ['https://[::1]:8443/x', 'https://[::1]/x']);
  assert.deepEqual(signatureUrls('https://[::1]', '/x'), ['https://[::1]/x']);
  assert.deepEqual(signatureUrls('http://localhost:8081', '/x'), ['http://localhost:8081/x']);
  for (const bad of ['', 'x', '@evil.example/x', '//x\n', '/x#y', '/x y', '/é', 'http://evil.example/x'])
    assert.deepEqual(signatureUrls('https://a.example', bad), [], bad);
});

const name = fc.oneof(
  fc.stringMatching(/^[A-Za-z0-9_-]{1,12}$/),
  fc.constantFrom('CallSid', 'CallStatus', 'From', 'FromCity', 'To', '__proto__', 'constructor', '10', '9'),
);
const anyText = fc.oneof(
  fc.string({unit: 'binary', maxLength: 20}),
  fc.constantFrom('', '+14155551234', "It's"),
);
const publicUrl = fc.constantFrom(
  'https://a.example',
  'https://a.example:8443',
  'http://localhost:8081',
  'https://a.example/base',
);
const target = fc.constantFrom(
  '/twilio/status',
  '/twilio/voice?ref=0123456789abcdef',
  "/x?a=it's&b=%27",
  '/%7Ex?',
);
const token = fc.string({minLength: 1, maxLength: 40});

test('[H5] 3000 requests signed by the SDK, with or without the port in the URL, are accepted', () => {
  const fields = fc.uniqueArray(fc.tuple(name, anyText), {selector: ([key]) => key, maxLength: 40});
  fc.assert(
    fc.property(publicUrl, target, fields, token, fc.nat(), (base, path, signedFields, key, pick) => {
      const urls = signatureUrls(base, path);
      const url = urls[pick % urls.length] ?? '';
      const signature = sdkSignature(key, url, signedFields);
      return verifySignature({signature, authTokens: ['first', key], urls, text: signedText(signedFields)});
    }),
    {numRuns: 3000},
  );
});

test('[H5] every accepted request is accepted by the SDK too (5000 requests, most of them altered or spliced)', () => {
  const anyName = fc.oneof(name, fc.string({maxLength: 8}));
  const fields = fc.array(fc.tuple(anyName, anyText), {maxLength: 12});
  let accepted = 0;
  fc.assert(
    fc.property(
      publicUrl,
      target,
      fields,
      fields,
      fc.integer({min: 0, max: 3}),
      (base, path, original, extra, change) => {
        const urls = signatureUrls(base, path);
        const signature = sdkSignature('key', base + path, original);
        const sent = alter(original, extra, change);
        const ours = verifySignature({signature, authTokens: ['key'], urls, text: signedText(sent)});
        if (ours) accepted += 1;
        return !ours || sdkAccepts('key', signature, base + path, sent);
      },
    ),
    {numRuns: 5000},
  );
  assert.ok(accepted > 500, `${accepted} were accepted`);
});

/** 0: unchanged; 1: other fields; 2: reversed; 3: the boundary of the first field moved by one. */
function alter(original: readonly FormField[], extra: readonly FormField[], change: number) {
  if (change === 0) return original;
  if (change === 1) return [...original, ...extra];
  if (change === 2) return original.toReversed();
  const [[key, value] = ['', ''], ...rest] = original;
  return [[key + value.slice(0, 1), value.slice(1)] as const, ...rest];
}

test('[H5] the signed text has sorted names, and the distinct values of each name in any order', () => {
  const reference = (fields: readonly FormField[]) => {
    const names = [...new Set(fields.map(([name]) => name))].sort();
    const valuesOf = (name: string) =>
      new Set(fields.filter(([other]) => other === name).map(([, value]) => value));
    return names.flatMap((name) => [...valuesOf(name)].sort().map((value) => name + value)).join('');
  };
  const text = fc.string({
    unit: fc.constantFrom('a', 'b', 'A', '0', '-', 'é', '\u{1f600}', '\uffff'),
    maxLength: 3,
  });
  fc.assert(
    fc.property(fc.array(fc.tuple(text, text), {maxLength: 12}), (fields) => {
      assert.equal(signedText(fields), reference(fields));
      assert.equal(signedText(fields.toReversed()), reference(fields));
    }),
  );
});
