import assert from 'node:assert/strict';
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {after, test} from 'node:test';
import {describeEnvironment, warnings} from '../../../src/config/documentation.ts';
import {EnvironmentError, formatFaults, loadEnvironment} from '../../../src/config/environment.ts';
import type {EnvironmentFault} from '../../../src/config/environment-fault.ts';
import {maskText} from '../../../src/mask.ts';

const directory = mkdtempSync(path.join(tmpdir(), 'hookswitch-environment-'));
after(() => rmSync(directory, {recursive: true}));

const required = {
  TWILIO_ACCOUNT_SID: 'AC0123456789abcdef0123456789abcdef',
  TWILIO_AUTH_TOKEN: '0f1e2d3c4b5a69788796a5b4c3d2e1f0',
  TWILIO_PHONE_NUMBER: '+14155551234',
  PUBLIC_URL: 'https://gateway.example.com',
};

function faultsOf(env: Record<string, string | undefined>, envFile?: string): readonly EnvironmentFault[] {
  try {
    loadEnvironment({env, ...(envFile === undefined ? {} : {envFile})});
    return [];
  } catch (error) {
    assert.ok(error instanceof EnvironmentError);
    return error.faults;
  }
}

function load(env: Record<string, string | undefined> = {}) {
  return loadEnvironment({env: {...required, ...env}});
}

function file(name: string, content: string | Buffer): string {
  const place = path.join(directory, name);
  writeFileSync(place, content);
  return place;
}

test('[E] the four required variables are enough, and everything else has its default', () => {
  const {voiceTwiml, ...environment} = load();
  assert.match(voiceTwiml, /^<Response><Say>.+<\/Say><\/Response>$/);
  assert.deepEqual(JSON.parse(JSON.stringify(environment)), {
    port: 8081,
    twilio: {
      accountSid: required.TWILIO_ACCOUNT_SID,
      authToken: required.TWILIO_AUTH_TOKEN,
      phoneNumber: '+14155551234',
      apiUrl: 'https://api.twilio.com',
    },
    publicUrl: 'https://gateway.example.com',
    databaseUrl: 'file:./data/hookswitch.db',
    retentionDays: 7,
    auth: {clockToleranceS: 30},
    allowedOrigins: ['https://gateway.example.com', 'http://localhost:8081'],
    trustedProxies: [],
    sessionTimeoutMs: 35_000,
    maxSessions: 10_000,
    allowedDestinations: 'any',
    maxCallsPerMinute: 60,
    maxActiveCalls: 100,
    callTimeLimitS: 14_400,
    logLevel: 'info',
    notices: [],
  });
});

test('[E] every variable sets its own part of the configuration', () => {
  const environment = load({
    PORT: '0',
    HOST: '[::1]',
    TWILIO_API_URL: 'http://localhost:4010/',
    TWILIO_AUTH_TOKEN_ALTERNATE: 'other',
    PUBLIC_URL: 'https://Gateway.Example.com:443/hooks/',
    DATABASE_URL: 'file:/var/lib/hookswitch/journal.db',
    NODE_ID: 'gateway-1',
    RETENTION_DAYS: '30',
    HOOKSWITCH_ACCESS_KEY: 'an-access.key_~1',
    AUTH_JWT_SECRET: 'a-secret-of-thirty-two-bytes-0123',
    AUTH_ISSUER: 'https://auth.example.com/',
    AUTH_AUDIENCE: 'hookswitch',
    AUTH_CLOCK_TOLERANCE_S: '0',
    TRUSTED_PROXIES: '10.0.0.0/8, 192.0.2.1,::FFFF:198.51.100.0/120,2001:DB8:0::/32,::1',
    METRICS_TOKEN: 'only/for+metrics-1',
    ALLOWED_ORIGINS:
      'https://App.example.com/, http://localhost:3000,https://app.example.com:443,app://shell',
    SESSION_TIMEOUT_MS: '60000',
    MAX_SESSIONS: '5',
    MAX_SESSIONS_PER_USER: '2',
    ALLOWED_DESTINATIONS: '+1, +44,client:,sip:',
    MAX_CALLS_PER_MINUTE: '7',
    MAX_ACTIVE_CALLS: '8',
    CALL_TIME_LIMIT_S: '9',
    VOICE_TWIML: '<Response/>',
    LOG_LEVEL: 'DEBUG',
  });
  assert.deepEqual(environment, {
    port: 0,
    host: '::1',
    twilio: {
      accountSid: required.TWILIO_ACCOUNT_SID,
      authToken: required.TWILIO_AUTH_TOKEN,
      alternateAuthToken: 'other',
      phoneNumber: '+14155551234',
      apiUrl: 'http://localhost:4010',
    },
    publicUrl: 'https://gateway.example.com/hooks',
    databaseUrl: 'file:/var/lib/hookswitch/journal.db',
    nodeId: 'gateway-1',
    retentionDays: 30,
    accessKey: 'an-access.key_~1',
    auth: {
      jwtSecret: 'a-secret-of-thirty-two-bytes-0123',
      jwksUrl: undefined,
      issuer: 'https://auth.example.com/',
      audience: 'hookswitch',
      clockToleranceS: 0,
    },
    allowedOrigins: ['https://app.example.com', 'http://localhost:3000', 'app://shell'],
    trustedProxies: ['10.0.0.0/8', '192.0.2.1', '198.51.100.0/24', '2001:db8::/32', '::1'],
    metricsToken: 'only/for+metrics-1',
    sessionTimeoutMs: 60_000,
    maxSessions: 5,
    maxSessionsPerUser: 2,
    allowedDestinations: ['+1', '+44', 'client:', 'sip:'],
    maxCallsPerMinute: 7,
    maxActiveCalls: 8,
    callTimeLimitS: 9,
    voiceTwiml: '<Response/>',
    logLevel: 'debug',
    notices: [],
  });
});

const good: Readonly<Record<string, readonly string[]>> = {
  PUBLIC_URL: [
    'http://localhost:8081',
    'http://127.0.0.1:8081',
    'http://127.8.9.1',
    'http://[::1]:8081/',
    'https://a.b/c/d',
    'https://a-b.example:8443',
  ],
  PORT: ['0', '65535', ' 8082 '],
  HOST: ['0.0.0.0', '::', '127.0.0.1', 'localhost', 'my-host.internal'],
  ALLOWED_ORIGINS: ['*', 'http://localhost:3000', 'null', 'file://', 'https://*.vercel.app'],
  TRUSTED_PROXIES: ['none', '127.0.0.1', '10.1.2.3/8', '::/1', 'fd00::/8', '::ffff:10.0.0.1'],
  METRICS_TOKEN: ['0123456789abcdef', 'YWJjZGVmZ2hpamtsbW5vcA=='],
  AUTH_CLOCK_TOLERANCE_S: ['0', '600'],
  ALLOWED_DESTINATIONS: ['any', '+', '+1415', 'client:support-'],
  DATABASE_URL: ['file:./x.db', 'file:///tmp/x.db', 'file:C:\\data\\x.db'],
  TWILIO_AUTH_TOKEN: ['1', '12345', 'anything+goes/here='],
  HOOKSWITCH_ACCESS_KEY: ['12345678', "!#$%&'*+-.^_`|~"],
  CALL_TIME_LIMIT_S: ['1', '86400'],
  LOG_LEVEL: ['trace', 'silent'],
};

const bad: Readonly<Record<string, readonly string[]>> = {
  TWILIO_ACCOUNT_SID: [
    'AC123',
    `SK${'0'.repeat(32)}`,
    `AC${'g'.repeat(32)}`,
    'ACxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx',
  ],
  TWILIO_AUTH_TOKEN: [
    'your_auth_token',
    'Your-Token',
    '<token>',
    'xxxxxxxx',
    'changeme',
    'two words',
    'tab\there',
    '********',
    '[auth token]',
    'insert-token-here',
    'CHANGE_ME',
    'undefined',
    required.TWILIO_ACCOUNT_SID,
    `SK${'0'.repeat(32)}`,
  ],
  TWILIO_AUTH_TOKEN_ALTERNATE: ['your_auth_token', 'a b'],
  TWILIO_PHONE_NUMBER: [
    '14155551234',
    '+04155551234',
    '+1 415 555 1234',
    '+1415',
    '+1XXXXXXXXXX',
    '+1234567890123456',
  ],
  PUBLIC_URL: [
    'gateway.example.com',
    'http://gateway.example.com',
    'http://127.0.0.1.example.com',
    'http://10.0.0.1:8081',
    'http://[::2]:8081',
    'http://localhost.example.com',
    'ftp://a.b',
    'wss://a.b',
    'https://a_b.example.com',
    'https://user:pass@a.b',
    'https://user@a.b',
    'https://a.b/?x=1',
    'https://a.b/?',
    'https://a.b/#x',
    'https://a.b/#',
    'https://',
    'https://a b',
    'https://your-name.ngrok.app',
  ],
  PORT: ['-1', '65536', '1e3', '0x10', '80.5', '8 081', 'http', '+80', '٣'],
  HOST: ['localhost:8081', 'http://x', '-x', '*', '256.1.1.1:1'],
  TWILIO_API_URL: ['api.twilio.com', 'https://api.twilio.com/2010-04-01', 'https://u:p@x'],
  DATABASE_URL: [
    'postgres://u:canary-password@db',
    'postgresql://db/x',
    'postgres://u:canary-password@db/x?sslmode=prefer',
    'mysql://u:canary-password@db/x',
    './data.db',
    'sqlite:x.db',
    'file:',
    'file:./data/',
    'file::memory:',
    'file:x.db?mode=ro',
  ],
  HOOKSWITCH_ACCESS_KEY: [
    'tiny',
    'with blank in it',
    'comma,separated',
    'quote"quote',
    'slash/slash',
    'ümlaut-ümlaut',
    'a'.repeat(513),
  ],
  AUTH_JWT_SECRET: ['shared_with_your_backend', 's'.repeat(31), `${'s'.repeat(16)} ${'s'.repeat(16)}`],
  AUTH_JWKS_URL: ['http://auth.example.com/jwks', 'jwks', 'https://me:secret@auth.example.com/jwks'],
  ALLOWED_ORIGINS: [
    '*,https://a.b',
    'a.b',
    'https://a.b/path',
    'https://a.b,',
    'a.b:3000',
    'https://a.b;https://c.d',
    'https://a.b https://c.d',
    '["https://a.b"]',
    'https://u@a.b',
    'file:///x',
  ],
  TRUSTED_PROXIES: [
    'proxy.example.com',
    '10.0.0.0/33',
    '::1/129',
    '10.0.0.1:80',
    '010.0.0.1',
    '10.0.0',
    '10.0.0.0/8;10.1.0.0/16',
    '::ffff:10.0.0.0/64',
    'fe80::1%eth0',
    '0.0.0.0/0',
    '::/0',
    '::ffff:0.0.0.0/96',
    '*',
    '10.0.0.1,,::1',
  ],
  METRICS_TOKEN: [
    'short',
    'fifteen-letters',
    'two words of them',
    'at_least_16_characters',
    'a'.repeat(513),
    'comma,separated,token',
  ],
  AUTH_CLOCK_TOLERANCE_S: ['-1', '601', '0.5', '30s'],
  SESSION_TIMEOUT_MS: ['0', '999', '35s'],
  MAX_SESSIONS: ['0', '-5', '1_000', '99999999999999999999'],
  ALLOWED_DESTINATIONS: ['1,44', '+1,,+44', 'tel:+1', '+1-415', '*'],
  CALL_TIME_LIMIT_S: ['0', '86401'],
  RETENTION_DAYS: ['0', '3651'],
  LOG_LEVEL: ['verbose', 'warning'],
  VOICE_TWIML: [
    './no/such/file.xml',
    '<Say>Hi</Say>',
    '<Response> <Say/>',
    '<Responses/>',
    '<html></html>',
    `<Response>${' '.repeat(65_536)}</Response>`,
  ],
};

for (const [name, values] of Object.entries(good))
  test(`[E] ${name} accepts valid values`, () => {
    for (const value of values) assert.deepEqual(faultsOf({...required, [name]: value}), [], value);
  });

for (const [name, values] of Object.entries(bad))
  test(`[E] ${name} refuses invalid values and says how to fix them`, () => {
    for (const value of values) {
      const faults = faultsOf({...required, [name]: value});
      assert.deepEqual(
        faults.map((fault) => fault.variable),
        [name],
        value,
      );
      for (const {fault, remedy} of faults) {
        assert.match(fault, /^[a-z].+[^.]$/);
        assert.match(remedy, /^[A-Z].{10}/);
        assert.ok(value.length < 5 || !fault.includes(value), `the fault quotes ${value}`);
      }
    }
  });

test('[E] a Postgres database needs an access key that is configured on all nodes', () => {
  const DATABASE_URL = 'postgres://u:canary@db:5432/x?sslmode=verify-full';
  assert.throws(
    () => loadEnvironment({env: {...required, DATABASE_URL}}),
    (error) => {
      assert.ok(error instanceof EnvironmentError);
      assert.deepEqual(
        error.faults.map(({variable}) => variable),
        ['HOOKSWITCH_ACCESS_KEY'],
      );
      return true;
    },
  );
  const environment = loadEnvironment({
    env: {...required, DATABASE_URL, HOOKSWITCH_ACCESS_KEY: 'a'.repeat(48)},
  });
  assert.equal(environment.databaseUrl, DATABASE_URL);
  assert.doesNotMatch(JSON.stringify(describeEnvironment(environment)), /canary/);
});

test('[C3] all faults are listed at once, with remedies and without values', () => {
  const env = {
    TWILIO_AUTH_TOKEN: 'canary token',
    TWILIO_PHONE_NUMBER: 'canary-number',
    PORT: 'canary-port',
    HOOKSWITCH_ACCESS_KEY: 'canary key',
    DATABASE_URL: 'postgres://u:canary@db',
  };
  assert.throws(
    () => loadEnvironment({env}),
    (error) => {
      assert.ok(error instanceof EnvironmentError);
      const names = error.faults.map((fault) => fault.variable);
      assert.deepEqual(names, [
        'TWILIO_ACCOUNT_SID',
        'TWILIO_AUTH_TOKEN',
        'TWILIO_PHONE_NUMBER',
        'PUBLIC_URL',
        'PORT',
        'DATABASE_URL',
        'HOOKSWITCH_ACCESS_KEY',
      ]);
      const text = formatFaults(error);
      for (const {variable, fault, remedy} of error.faults)
        assert.ok(text.includes(`${variable} ${fault}.\n    ${remedy}`));
      assert.doesNotMatch(text + error.message + JSON.stringify(error.faults), /canary/);
      assert.match(text, /its environment has 7 faults/);
      assert.match(text, /DATABASE_URL is not a usable Postgres URL: it names no database/);
      return true;
    },
  );
});

test('[E] an empty value counts as not set', () => {
  assert.equal(load({PORT: '', HOST: '  '}).port, 8081);
  assert.deepEqual(faultsOf({...required, TWILIO_AUTH_TOKEN: ''})[0]?.fault, 'is missing');
});

test('[E] a misspelled variable name gets a suggestion', () => {
  const misspelled = {
    TWILIO_AUTHTOKEN: 'x',
    TWILIO_ACCOUNTSID: 'x',
    PUBLIC_URI: 'x',
    TWILIO_PHONE_NUMBR: 'x',
  };
  const remedies = faultsOf(misspelled).map(({remedy}) => remedy);
  assert.equal(remedies.length, 4);
  for (const [index, found] of [
    'TWILIO_ACCOUNTSID',
    'TWILIO_AUTHTOKEN',
    'TWILIO_PHONE_NUMBR',
    'PUBLIC_URI',
  ].entries())
    assert.match(remedies[index] ?? '', new RegExp(`${found} is set\\. Did you mean [A-Z_]+\\?`));
  assert.match(warnings(load({ALLOWED_ORIGIN: 'x'})).join(), /ALLOWED_ORIGIN is unknown.+ALLOWED_ORIGINS/);
  assert.deepEqual(
    warnings(load({HOSTNAME: 'x', PATH: '/', TWILIO_API_KEY: 'x', HOME: '/root', PORTS: '1'})),
    [],
  );
  assert.deepEqual(
    warnings(load({ALLOWED_ORIGINS: 'http://a.b', ALLOWED_ORIGIN: 'x'})),
    [],
    'the variable is set',
  );
});

test('[E] .env is read, and the real environment takes precedence', () => {
  const envFile = file(
    'good.env',
    `\uFEFF# comment\nexport PORT=9000\r\nHOST="127.0.0.1"\nLOG_LEVEL=warn\n${Object.entries(required)
      .map(([name, value]) => `${name}=${value}`)
      .join('\n')}`,
  );
  const environment = loadEnvironment({env: {LOG_LEVEL: 'error', HOST: ''}, envFile});
  assert.deepEqual([environment.port, environment.host, environment.logLevel], [9000, '127.0.0.1', 'error']);
});

test('[E] a named .env that cannot be read is reported along with the other faults', () => {
  const faults = faultsOf({...required, PORT: 'x'}, path.join(directory, 'missing.env'));
  assert.deepEqual(
    faults.map(({fault}) => fault),
    ['cannot be read: it does not exist (ENOENT)', 'is not a whole number'],
  );
  assert.equal(faultsOf(required, directory).length, 1);
});

test('[E] METRICS_TOKEN must differ from the other secrets', () => {
  for (const name of ['HOOKSWITCH_ACCESS_KEY', 'AUTH_JWT_SECRET', 'TWILIO_AUTH_TOKEN']) {
    const both = {...required, [name]: 'm'.repeat(40), METRICS_TOKEN: 'm'.repeat(40)};
    assert.deepEqual(
      faultsOf(both).map(({variable}) => variable),
      ['METRICS_TOKEN'],
      name,
    );
  }
});

test('[E] two ways to check JWTs at the same time are refused', () => {
  const both = {...required, AUTH_JWT_SECRET: 's'.repeat(32), AUTH_JWKS_URL: 'https://auth.example.com/jwks'};
  assert.deepEqual(
    faultsOf(both).map(({variable}) => variable),
    ['AUTH_JWKS_URL'],
  );
});

test('[E] VOICE_TWIML is inline TwiML or a file that is read at start', () => {
  const twiml = '<?xml version="1.0" encoding="UTF-8"?>\n<!-- ours -->\n<Response>\n<Hangup/></Response>';
  assert.equal(load({VOICE_TWIML: file('voice.xml', `\uFEFF${twiml}\n`)}).voiceTwiml, twiml);
  assert.equal(load({VOICE_TWIML: twiml}).voiceTwiml, twiml);
  assert.equal(faultsOf({...required, VOICE_TWIML: file('page.xml', '<html/>')}).length, 1);
  assert.equal(faultsOf({...required, VOICE_TWIML: file('empty.xml', '')}).length, 1);
  assert.match(faultsOf({...required, VOICE_TWIML: directory})[0]?.fault ?? '', /cannot be read/);
});

test('[E] the default origins follow PUBLIC_URL and PORT, without repetition', () => {
  const local = load({PUBLIC_URL: 'http://localhost:9000/hooks', PORT: '9000'});
  assert.deepEqual(local.allowedOrigins, ['http://localhost:9000']);
});

test('[E] the start log shows the configuration without secrets and phone numbers', () => {
  const secrets = {
    TWILIO_AUTH_TOKEN: 'canary-token-1',
    TWILIO_AUTH_TOKEN_ALTERNATE: 'canary-token-2',
    HOOKSWITCH_ACCESS_KEY: 'canary-access-key',
    AUTH_JWT_SECRET: 'canary-jwt-secret-0123456789-abcdef',
    METRICS_TOKEN: 'canary-metrics-token',
  };
  const description = describeEnvironment(load(secrets));
  const text = JSON.stringify(description);
  assert.doesNotMatch(text, /canary|4155551234/);
  assert.match(text, /\+1415•••1234/);
  assert.match(text, /"port":8081/);
  assert.equal(JSON.stringify(describeEnvironment(load())).includes('generated'), true);
});

test('[E] valid but questionable settings get a notice', () => {
  const warningsOf = (env: Record<string, string>) => warnings(load(env)).join('\n');
  assert.equal(warningsOf({}), '');
  assert.match(warningsOf({ALLOWED_ORIGINS: '*'}), /ALLOWED_ORIGINS is \*/);
  assert.match(warningsOf({ALLOWED_ORIGINS: 'https://a.b,null'}), /lists null/);
  assert.match(warningsOf({TWILIO_AUTH_TOKEN: required.TWILIO_AUTH_TOKEN.slice(1)}), /not 32 hex digits/);
  assert.equal(warningsOf({TWILIO_AUTH_TOKEN: 'any', TWILIO_API_URL: 'http://localhost:4010'}), '');
  assert.match(warningsOf({HOOKSWITCH_ACCESS_KEY: 'short-key'}), /is short/);
  assert.equal(warningsOf({HOOKSWITCH_ACCESS_KEY: 'a'.repeat(32)}), '');
  assert.match(warningsOf({AUTH_ISSUER: 'x'}), /no JWTs/);
  assert.match(warningsOf({AUTH_JWKS_URL: 'https://auth.example.com/jwks'}), /without AUTH_AUDIENCE/);
  assert.equal(warningsOf({AUTH_JWKS_URL: 'https://auth.example.com/jwks', AUTH_AUDIENCE: 'x'}), '');
  assert.equal(warningsOf({AUTH_JWT_SECRET: 's'.repeat(32), AUTH_ISSUER: 'x'}), '');
  assert.match(warningsOf({PUBLIC_URL: 'http://localhost:8081'}), /http on loopback/);
  assert.match(warningsOf({TWILIO_API_URL: 'http://simulator:4010'}), /unencrypted/);
  assert.equal(warningsOf({TWILIO_API_URL: 'http://127.0.0.1:4010'}), '');
  assert.match(warningsOf({TWILIO_AUTH_TOKEN_ALTERNATE: required.TWILIO_AUTH_TOKEN}), /the same/);
  // The heartbeat interval follows the timeout, so a short timeout is fine.
  assert.equal(warningsOf({SESSION_TIMEOUT_MS: '5000'}), '');
  const all = {
    ALLOWED_ORIGINS: '*',
    HOOKSWITCH_ACCESS_KEY: 'short-key',
    AUTH_ISSUER: 'x',
    TWILIO_REGION: 'ie1',
  };
  assert.equal(maskText(warningsOf(all)), warningsOf(all), 'the logger leaves these values unmasked');
  assert.match(warningsOf({TWILIO_REGION: 'ie1', TWILIO_EDGE: 'dublin'}), /TWILIO_REGION.+\nTWILIO_EDGE/);
});
