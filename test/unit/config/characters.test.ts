/**
 * Settings with quotes, invisible characters or comments are refused at start, by name and without their
 * value.
 */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {warnings} from '../../../src/config/documentation.ts';
import {EnvironmentError, formatFaults, loadEnvironment} from '../../../src/config/environment.ts';
import {type VariableName, variables} from '../../../src/config/variables.ts';

const TOKEN = '0f1e2d3c4b5a69788796a5b4c3d2e1f0';
const good: Readonly<Record<VariableName, string>> = {
  TWILIO_ACCOUNT_SID: 'AC0123456789abcdef0123456789abcdef',
  TWILIO_AUTH_TOKEN: TOKEN,
  TWILIO_PHONE_NUMBER: '+14155551234',
  PUBLIC_URL: 'https://gateway.example.com',
  PORT: '8081',
  HOST: '127.0.0.1',
  TWILIO_API_URL: 'https://api.twilio.com',
  TWILIO_AUTH_TOKEN_ALTERNATE: `1${TOKEN.slice(1)}`,
  DATABASE_URL: 'file:./data/hookswitch.db',
  NODE_ID: 'gateway-1',
  RETENTION_DAYS: '7',
  HOOKSWITCH_ACCESS_KEY: 'an-access-key-0123456789',
  AUTH_JWT_SECRET: 'a-secret-of-thirty-two-bytes-0123',
  AUTH_JWKS_URL: 'https://auth.example.com/jwks.json',
  AUTH_ISSUER: 'https://auth.example.com/',
  AUTH_AUDIENCE: 'hookswitch',
  AUTH_CLOCK_TOLERANCE_S: '30',
  ALLOWED_ORIGINS: 'https://app.example.com,http://localhost:3000',
  TRUSTED_PROXIES: '10.0.0.0/8,::1',
  METRICS_TOKEN: 'metrics-token-0123456789',
  SESSION_TIMEOUT_MS: '35000',
  MAX_SESSIONS: '10',
  MAX_SESSIONS_PER_USER: '2',
  ALLOWED_DESTINATIONS: '+1,+44,client:',
  MAX_CALLS_PER_MINUTE: '60',
  MAX_ACTIVE_CALLS: '100',
  CALL_TIME_LIMIT_S: '14400',
  VOICE_TWIML: '<Response><Say>Hello</Say></Response>',
  LOG_LEVEL: 'info',
};
const names = Object.keys(variables).filter((name): name is VariableName => name in variables);

/** The faults of one variable with this value, while all other variables are valid. */
function faultsOf(name: VariableName, value: string) {
  const {AUTH_JWKS_URL: _, ...rest} = good;
  const {AUTH_JWT_SECRET: __, ...withKeys} = good;
  const env = {...(name === 'AUTH_JWKS_URL' ? withKeys : rest), [name]: value};
  try {
    loadEnvironment({env});
    return [];
  } catch (error) {
    assert.ok(error instanceof EnvironmentError);
    const text = formatFaults(error);
    if (good[name].length > 8) assert.ok(!text.includes(good[name]), `${name}: the value is printed`);
    return error.faults.map((fault) => ({...fault, text}));
  }
}

function assertRefused(name: VariableName, value: string, fault: RegExp): void {
  const faults = faultsOf(name, value);
  assert.deepEqual(
    faults.map((each) => each.variable),
    [name],
    JSON.stringify(value),
  );
  assert.match(faults[0]?.fault ?? '', fault, `${name} ${JSON.stringify(value)}`);
  assert.match(faults[0]?.remedy ?? '', /^[A-Z].{10}/);
}

test('[E] the sample values of these tests are valid', () => {
  for (const name of names) assert.deepEqual(faultsOf(name, good[name]), [], name);
});

test('[E] quotes around a value, as docker --env-file keeps them, are refused for every variable', () => {
  const kinds = [
    ['"', 'double quote'],
    ["'", 'single quote'],
    ['`', 'backtick'],
  ] as const;
  for (const name of names)
    for (const [quote, kind] of kinds) {
      assertRefused(name, `${quote}${good[name]}${quote}`, new RegExp(`^starts and ends with a ${kind}$`));
      assertRefused(
        name,
        ` ${quote}${good[name]}${quote}\r\n`,
        new RegExp(`^starts and ends with a ${kind}$`),
      );
    }
  assert.match(faultsOf('TWILIO_AUTH_TOKEN', `"${TOKEN}"`)[0]?.remedy ?? '', /Remove the quotes.+--env-file/);
});

test('[E] a quote at only one end is refused, unless it may be part of the value', () => {
  const own: readonly VariableName[] = ['HOOKSWITCH_ACCESS_KEY', 'AUTH_JWT_SECRET', 'VOICE_TWIML'];
  for (const name of names.filter((each) => !own.includes(each))) {
    assertRefused(name, `"${good[name]}`, /^starts with a double quote$/);
    assertRefused(name, `${good[name]}'`, /^ends with a single quote$/);
  }
  assert.deepEqual(faultsOf('AUTH_JWT_SECRET', `"${good.AUTH_JWT_SECRET}`), []);
  assert.deepEqual(faultsOf('HOOKSWITCH_ACCESS_KEY', `'${good.HOOKSWITCH_ACCESS_KEY}`), []);
});

test('[E] an invisible or typographic character is refused by its name and position, for every variable', () => {
  const strays = [
    ['\u200b', 'U\\+200B ZERO WIDTH SPACE'],
    ['\ufeff', 'U\\+FEFF ZERO WIDTH NO-BREAK SPACE \\(byte order mark\\)'],
    ['\u00a0', 'U\\+00A0 NO-BREAK SPACE'],
    ['\u202f', 'U\\+202F NARROW NO-BREAK SPACE'],
    ['\u3000', 'U\\+3000 IDEOGRAPHIC SPACE'],
    ['\u2060', 'U\\+2060 WORD JOINER'],
    ['\u00ad', 'U\\+00AD SOFT HYPHEN'],
    ['\u200e', 'U\\+200E LEFT-TO-RIGHT MARK'],
    ['\u202e', 'U\\+202E RIGHT-TO-LEFT OVERRIDE'],
    ['\u2028', 'U\\+2028 LINE SEPARATOR'],
    ['\u0000', 'U\\+0000 NULL'],
    ['\u001b', 'U\\+001B ESCAPE'],
    ['\u3164', 'U\\+3164 HANGUL FILLER'],
    ['\u2800', 'U\\+2800 BRAILLE PATTERN BLANK'],
    ['\ufe0f', 'U\\+FE0F \\(an invisible character\\)'],
    ['\u{e0041}', 'U\\+E0041 \\(an invisible character\\)'],
    ['\ufffd', 'U\\+FFFD REPLACEMENT CHARACTER'],
    ['\u2007', 'U\\+2007 FIGURE SPACE'],
  ] as const;
  for (const name of names)
    for (const [character, unicode] of strays) {
      const value = good[name];
      assertRefused(name, character + value, new RegExp(`^has ${unicode} at position 1$`));
      assertRefused(name, value + character, new RegExp(`^has ${unicode} at position ${value.length + 1}$`));
      if (name !== 'VOICE_TWIML')
        assertRefused(
          name,
          ` ${value[0]}${character}${value.slice(1)}`,
          new RegExp(`^has ${unicode} at position 3$`),
        );
      assertRefused(name, character, new RegExp(`^has ${unicode} at position 1$`));
    }
});

test('[E] typographic quotes are refused where they cannot be intended', () => {
  for (const name of names)
    for (const [open, close] of ['“”', '‘’', '„“', '«»', '＂＂'].map((pair) => Array.from(pair))) {
      if (name === 'DATABASE_URL' && !/[\u2018-\u201f]/.test(open ?? '')) continue;
      const [fault] = faultsOf(name, `${open}${good[name]}${close}`);
      assert.match(fault?.fault ?? '', /U\+[0-9A-F]{4} .*(?:QUOTATION MARK|\()/, name);
      assert.match(fault?.remedy ?? '', /Remove the quotes/);
    }
  assertRefused('TWILIO_AUTH_TOKEN', `${TOKEN.slice(0, 9)}’${TOKEN.slice(10)}`, /RIGHT SINGLE.+position 10$/);
});

test('[E] characters that look like ASCII are refused by name', () => {
  assertRefused('PORT', '８０８１', /^has U\+FF18 \(a full-width form/);
  assertRefused('PORT', '٣', /^has U\+0663 \(a digit that is not ASCII\)/);
  assertRefused('TWILIO_PHONE_NUMBER', '＋14155551234', /^has U\+FF0B FULLWIDTH PLUS SIGN/);
  assertRefused(
    'TWILIO_ACCOUNT_SID',
    good.TWILIO_ACCOUNT_SID.replace('C', 'С'),
    /^has U\+0421 \(a Cyrillic letter\) at position 2$/,
  );
  assertRefused('TWILIO_AUTH_TOKEN', '••••••••', /^has U\+2022 BULLET at position 1$/);
  assertRefused('TWILIO_AUTH_TOKEN', 'abcd…', /^has U\+2026 HORIZONTAL ELLIPSIS at position 5$/);
  assertRefused('NODE_ID', 'gateway–1', /^has U\+2013 EN DASH/);
  assertRefused('PUBLIC_URL', 'https://ｇateway.example.com', /^has U\+FF47/);
});

test('[E] letters of other scripts are accepted in values that a person may name', () => {
  assert.deepEqual(faultsOf('PUBLIC_URL', 'https://telefon.münchen.example'), []);
  assert.deepEqual(faultsOf('ALLOWED_ORIGINS', 'https://例え.テスト'), []);
  assert.deepEqual(faultsOf('DATABASE_URL', 'file:./L’été/データ（1）/h.db'), []);
  assert.deepEqual(faultsOf('AUTH_JWT_SECRET', 'ein-schlüssel-mit-umlauten-0123456789'), []);
  assert.deepEqual(faultsOf('VOICE_TWIML', '<Response><Say>„Grüß\u00a0Gott“ 👋\u200d</Say></Response>'), []);
});

test('[E] a comment after a value, the variable name inside it, and template placeholders are refused', () => {
  for (const name of names.filter((each) => each !== 'VOICE_TWIML')) {
    assertRefused(name, `${good[name]} # comment`, /^contains a comment/);
    assertRefused(name, `${good[name]}\t#comment`, /^(?:contains a comment|has U\+0009 TAB)/);
    assertRefused(name, `${name}=${good[name]}`, /^starts with its own name$/);
    assertRefused(name, `= ${good[name]}`, /^starts with an equals sign$/);
  }
  for (const name of names)
    for (const value of [
      `$${'{SECRET}'}`,
      '$SECRET',
      '$(cat secret)',
      '{{ .Values.x }}',
      '%SECRET%',
      '<value>',
    ])
      assertRefused(name, value, /^is a template without its value$|^(?:is still the placeholder)$/);
});

test('[E] blanks and line breaks around a value, as in mounted files, are ignored with a notice', () => {
  for (const name of names.filter((each) => !['VOICE_TWIML', 'AUTH_JWKS_URL'].includes(each)))
    for (const value of [`${good[name]}\n`, `${good[name]}\r\n`, ` ${good[name]}`, `\t${good[name]} \r`]) {
      const {AUTH_JWKS_URL: _, ...env} = good;
      const padded = loadEnvironment({env: {...env, [name]: value}});
      assert.deepEqual(padded.notices, [
        `${name} has spaces or a line break around its value. They are ignored.`,
      ]);
      assert.deepEqual({...padded, notices: []}, loadEnvironment({env}), name);
    }
  assert.match(
    warnings(loadEnvironment({env: {...good, AUTH_JWKS_URL: '', PORT: '8081\r'}})).join(),
    /PORT has spaces/,
  );
});

test('[E] a name with an invisible character or a blank is refused, not ignored', () => {
  const {AUTH_JWKS_URL: _, PORT: __, ...env} = good;
  for (const [found, what] of [
    ['\ufeffPORT', /^has U\+FEFF .+ in its name$/],
    ['PORT\u200b', /^has U\+200B ZERO WIDTH SPACE in its name$/],
    ['PORT ', /^has a space in its name$/],
    ['export PORT', /^has a space in its name$/],
  ] as const)
    assert.throws(
      () => loadEnvironment({env: {...env, [found]: '9000'}}),
      (error) => {
        assert.ok(error instanceof EnvironmentError);
        assert.deepEqual(
          error.faults.map(({variable}) => variable),
          ['PORT'],
        );
        assert.match(error.faults[0]?.fault ?? '', what);
        return true;
      },
    );
});
