/** Patterns in ALLOWED_ORIGINS: which origins an entry matches, and which entries are refused. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {matchesOrigin} from '../../../src/auth/allowed-origins.ts';
import {parseOrigin} from '../../../src/config/origin-patterns.ts';
import {Refusal} from '../../../src/config/parsing.ts';

/** The entry in its stored form. */
function parsed(entry: string): string {
  const origin = parseOrigin(entry);
  assert.ok(typeof origin === 'string', `${entry} ${origin instanceof Refusal ? origin.fault : ''}`);
  return origin;
}

const matching: readonly (readonly [entry: string, yes: readonly string[], no: readonly string[]])[] = [
  [
    'https://*.vercel.app',
    ['https://my-app.vercel.app', 'https://my-app-git-main-team.vercel.app', 'https://a_b.vercel.app'],
    [
      'https://vercel.app',
      'https://.vercel.app',
      'https://a.b.vercel.app',
      'http://a.vercel.app',
      'https://a.vercel.app:8443',
      'https://a.vercel.app.evil.example',
      'https://a.vercel.app/',
      'https://evil.example/.vercel.app',
      'https://evil.example?.vercel.app',
      'https://evil.example#.vercel.app',
      'https://u@a.vercel.app',
      'https://evil.example\\.vercel.app',
      'https://avercel.app',
      'https://a.vercelXapp',
      'https://A.vercel.app',
      'https://a\n.vercel.app',
      `https://${'a'.repeat(64)}.vercel.app`,
      'https://*.vercel.app ',
    ],
  ],
  [
    'https://app-*.example.com',
    ['https://app-1.example.com', 'https://app-pr-77.example.com'],
    ['https://app-.example.com', 'https://app.example.com', 'https://app-1.b.example.com'],
  ],
  [
    'https://app-*-team.vercel.app',
    ['https://app-x-team.vercel.app', 'https://app--team-team.vercel.app'],
    ['https://app-team.vercel.app', 'https://app-x.evil-team.vercel.app', 'https://app--team.vercel.app'],
  ],
  ['https://*-pr.example.com:8443', ['https://7-pr.example.com:8443'], ['https://7-pr.example.com']],
  ['https://eu.*.example.com', ['https://eu.a.example.com'], ['https://eu.a.b.example.com']],
  ['http://*.localhost:3000', ['http://tenant.localhost:3000'], ['http://localhost:3000']],
  ['https://*.münchen.example', ['https://a.xn--mnchen-3ya.example'], []],
  ['https://*.EXAMPLE.com:443/', ['https://a.example.com'], []],
  ['https://*.example.co.uk', ['https://a.example.co.uk'], ['https://example.co.uk']],
  ['null', ['null'], ['https://null', '']],
  ['file://', ['file://'], ['null', 'file:///x']],
  ['chrome-extension://abcdefgh', ['chrome-extension://abcdefgh'], ['chrome-extension://other']],
  ['https://App.example.com/', ['https://app.example.com'], ['https://app.example.com/']],
];

for (const [entry, yes, no] of matching)
  test(`[E] ALLOWED_ORIGINS: ${entry}`, () => {
    const allowed = ['https://first.example', parsed(entry)];
    for (const origin of yes) assert.equal(matchesOrigin(allowed, origin), true, origin);
    for (const origin of no) assert.equal(matchesOrigin(allowed, origin), false, origin);
  });

const refused: readonly (readonly [entry: string, fault: RegExp])[] = [
  ['https://*', /where anybody can register/],
  ['https://*.', /where anybody can register/],
  ['https://*.com', /where anybody can register/],
  ['https://*.com.', /where anybody can register/],
  ['https://my-app-*.com', /where anybody can register/],
  ['https://*.co.uk', /where anybody can register/],
  ['https://*.com.au', /where anybody can register/],
  ['https://app.*', /where anybody can register/],
  ['https://app-*', /where anybody can register/],
  ['https://example.*', /where anybody can register/],
  ['https://%2A.com', /where anybody can register/],
  ['https://*.*.example.com', /more than one \*/],
  ['https://**.example.com', /more than one \*/],
  ['https://a*b*c.example.com', /more than one \*/],
  ['https://*-grün.example.com', /non-ASCII letters/],
  ['http://192.168.1.*', /anybody can register/],
  ['http://*.168.1.5', /not an absolute URL/],
  ['http://[*::1]', /not an absolute URL/],
  ['http://localhost:*', /\* as its port/],
  ['https://a.example.com:30*', /not an absolute URL/],
  ['*://a.example.com', /without a scheme/],
  ['*.vercel.app', /without a scheme/],
  ['app.example.com', /without a scheme/],
  ['localhost:3000', /without a scheme/],
  ['https://*.example.com/path', /with a path/],
  ['https://*.example.com/*', /with a path/],
  ['https://*.example.com?x', /query/],
  ['https://u@*.example.com', /credentials/],
  ['https://*..example.com', /not a host name|not an absolute URL/],
  ['https://a.b;https://c.d', /not separated by commas/],
  ['*', /in addition to other origins/],
  ['file:///home', /neither https nor http/],
];

for (const [entry, fault] of refused)
  test(`[E] ALLOWED_ORIGINS refuses ${entry}`, () => {
    const refusal = parseOrigin(entry);
    assert.ok(refusal instanceof Refusal, entry);
    assert.match(refusal.fault, fault);
    assert.match(refusal.remedy, /^[A-Z].{10}/);
  });
