/**
 * Postgres URLs in DATABASE_URL: the forms of libpq and of hosting services, and the errors for all other
 * forms.
 */
import assert from 'node:assert/strict';
import {mkdtempSync, rmSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {test} from 'node:test';
import {describeEnvironment} from '../../../src/config/documentation.ts';
import {loadEnvironment} from '../../../src/config/environment.ts';
import {openJournal} from '../../../src/journal/open-journal.ts';
import {describeAddress, type PostgresAddress, parsePostgresUrl} from '../../../src/postgres/postgres-url.ts';

/** A readable file with unrelated content. */
const HERE = encodeURIComponent(import.meta.filename);

const plain: PostgresAddress = {
  host: 'db',
  port: 5432,
  user: 'u',
  database: 'x',
  ssl: false,
  directTls: false,
  channelBinding: 'disable',
  notes: [],
};
const ME = os.userInfo().username;
const CLOUD_SQL = '/cloudsql/project:europe-west1:instance';

const accepted: readonly (readonly [string, Partial<PostgresAddress>])[] = [
  ['postgres://u@db/x', {}],
  ['postgresql://u@db/x', {}],
  ['POSTGRES://u@db/x', {}],
  ['postgres://u:p@db:6000/x', {password: 'p', port: 6000}],
  ['postgres://u@db:/x', {}],
  ['postgresql://u:p%40s%2Fs@[::1]:6000/x?sslmode=disable', {host: '::1', port: 6000, password: 'p@s/s'}],
  ['postgres://u:p@ss@db/x', {password: 'p@ss'}],
  ['postgres://u:a:b@db/x', {password: 'a:b'}],
  ['postgres://u:p w@db/x', {password: 'p w'}],
  [
    'postgres://postgres.abcdef:p@aws-0.pooler.example.com/x',
    {user: 'postgres.abcdef', password: 'p', host: 'aws-0.pooler.example.com'},
  ],
  ['postgres://u@my_postgres/x', {host: 'my_postgres'}],
  ['postgres://u@db/my%20base', {database: 'my base'}],
  // Socket paths, as libpq and Cloud SQL write them.
  ['postgres://u@localhost/x?host=/run/postgresql', {host: '/run/postgresql'}],
  [`postgres://u:p@/x?host=${CLOUD_SQL}`, {host: CLOUD_SQL, password: 'p'}],
  [`postgres:///x?host=${CLOUD_SQL}&user=u&password=p`, {host: CLOUD_SQL, password: 'p'}],
  [`postgres:///x?host=${CLOUD_SQL}`, {host: CLOUD_SQL, user: ME}],
  [`postgresql:///x?host=${encodeURIComponent(CLOUD_SQL)}`, {host: CLOUD_SQL, user: ME}],
  [`postgres://u@${encodeURIComponent(CLOUD_SQL)}/x`, {host: CLOUD_SQL}],
  ['postgres://%2Frun%2Fpostgresql/x', {host: '/run/postgresql', user: ME}],
  ['postgres:///?host=/run/postgresql&dbname=x&port=6000', {host: '/run/postgresql', user: ME, port: 6000}],
  // Supported parameters.
  ['postgres://u@db/x?application_name=billing', {applicationName: 'billing'}],
  ['postgres://u@db/x?fallback_application_name=billing', {applicationName: 'billing'}],
  ['postgres://u@db/x?connect_timeout=10', {connectMs: 10_000}],
  ['postgres://u@db/x?options=-c%20geqo%3Doff', {options: '-c geqo=off'}],
  ['postgres://u@db/x?target_session_attrs=read-write', {}],
  ['postgres://u@db/x?target_session_attrs=primary', {}],
  ['postgres://u@db/x?sslmode=verify-full', {ssl: {rejectUnauthorized: true}}],
  ['postgres://u@db/x?channel_binding=prefer', {channelBinding: 'prefer'}],
];
for (const [url, expected] of accepted)
  test(`[E] accepts ${url}`, () => {
    assert.deepEqual(parsePostgresUrl(url), {...plain, ...expected});
  });

test('[E] accepts the URL that Neon issues, with channel binding over TLS', () => {
  const address = parsePostgresUrl(
    'postgresql://u:p@ep-x.neon.tech/x?sslmode=require&channel_binding=require',
  );
  assert.equal(address.channelBinding, 'require');
  assert.ok(address.ssl !== false && address.ssl.rejectUnauthorized === false);
});

test('[E] system authorities are trusted if the URL says so, and the host name is verified', () => {
  for (const query of ['sslmode=verify-full&sslrootcert=system', 'sslrootcert=system']) {
    const {ssl} = parsePostgresUrl(`postgres://u@db/x?${query}`);
    assert.ok(ssl !== false && ssl.rejectUnauthorized === true && ssl.checkServerIdentity === undefined);
    assert.ok(Array.isArray(ssl.ca) && ssl.ca.length > 100);
  }
});

const ignored = [
  'pgbouncer=true',
  'connection_limit=5',
  'pool_timeout=10',
  'schema=public',
  'statement_cache_size=0',
  'keepalives=1',
  'client_encoding=utf8',
  'gssencmode=disable',
  'uselibpqcompat=true',
];
for (const parameter of ignored)
  test(`[E] ignores ${parameter} with a notice that gives the reason`, () => {
    const {notes, ...rest} = parsePostgresUrl(`postgres://u@db/x?${parameter}`);
    assert.deepEqual({...rest, notes: []}, plain);
    const name = parameter.slice(0, parameter.indexOf('='));
    assert.equal(notes.length, 1);
    assert.match(notes[0] ?? '', new RegExp(`^its parameter ${name} is ignored: .{10}`));
  });

const refused: readonly (readonly [string, RegExp])[] = [
  ['postgres://u:secret@db', /names no database/],
  ['postgres://u:secret@db/x/y', /names no database/],
  ['postgres://:secret@db/x', /names no user/],
  ['postgres://db/x', /names no user/],
  ['postgres://u:secret@:5432/x', /names no host/],
  ['postgres:///x', /names no host; .*host=\/var\/run\/postgresql/],
  ['postgres:u:secret@db/x', /not a URL/],
  ['postgres://u:se#cret@db/x', /has a # .*write %23/],
  ['postgres://u:sec/ret@db/x', /percent-encode/],
  ['postgres://u:sec?ret@db/x', /percent-encode/],
  ['postgres://u:sec?secret=1@db/x', /percent-encode/],
  ['postgres://u:s@sec?secret@db/x', /as %3F/],
  ['postgres://u:secret%zz@db/x', /write %25/],
  ['postgres://u:secret@db:x/x', /port is not a number/],
  ['postgres://u:secret@db:65536/x', /port is not a number/],
  ['postgres://u:secret@db:0/x', /port is not a number/],
  ['postgres://u:secret@db one/x', /host is invalid/],
  ['postgres://u:secret@"db"/x', /host is invalid/],
  ['postgres://u:secret@db\n/x', /control character/],
  ['postgres://u:secret@a:5432,b:5432/x', /several hosts; name one that leads to the primary/],
  ['postgres://u:secret@db/x?host=a,b', /several hosts/],
  [
    'postgres://u:secret@db/x?statement_timeout=0',
    /"statement_timeout" cannot be used: .*time limits of its own/,
  ],
  [
    'postgres://u:secret@db/x?sslmod=verify-full',
    /"sslmod" cannot be used: it is unknown; known are .*sslmode/,
  ],
  ['postgres://u:secret@db/x?ssl=true', /write sslmode=verify-full/],
  ['postgres://u:secret@db/x?constructor=1', /it is unknown/],
  ['postgres://u:secret@db/x?require_auth=scram-sha-256', /not supported/],
  ['postgres://u:secret@db/x?sslmode', /not name=value/],
  ['postgres://u:secret@db/x?sslmode=prefer', /force an unencrypted connection/],
  ['postgres://u:secret@db/x?sslmode=allow', /force an unencrypted connection/],
  ['postgres://u:secret@db/x?sslmode=always', /sslmode must be one of/],
  [
    'postgres://u:secret@db/x?sslmode=verify-ca&sslrootcert=/no/such/file',
    /sslrootcert names cannot be read \(\/no\/such\/file: ENOENT\)/,
  ],
  ['postgres://u:secret@db/x?sslmode=require&sslrootcert=system', /requires sslmode=verify-full/],
  ['postgres://u:secret@db/x?sslmode=verify-full#secret', /has a # .*write %23/],
  ['postgres://u:secret@db/x?sslmode=verify-full&sslmode=disable', /has sslmode twice/],
  ['postgres://u:secret@db/x?sslrootcert=ca.pem', /sslrootcert has no effect without sslmode/],
  ['postgres://u:secret@db/x?sslmode=disable&sslcert=c.pem', /sslcert has no effect without sslmode/],
  [`postgres://u:secret@db/x?sslmode=require&sslcert=${HERE}`, /sslcert and sslkey require each other/],
  [`postgres://u:secret@db/x?sslmode=verify-full&sslrootcert=${HERE}`, /contains no PEM certificate/],
  [
    `postgres://u:secret@db/x?sslmode=require&sslcert=${HERE}&sslkey=${HERE}`,
    /not a PEM certificate and its key without a passphrase/,
  ],
  ['postgres://u:secret@localhost/x?host=/run/postgresql&sslmode=require', /Unix socket is never encrypted/],
  ['postgres://u:secret@db/x?channel_binding=require', /channel_binding=require needs TLS/],
  ['postgres://u:secret@db/x?channel_binding=yes', /channel_binding must be one of/],
  ['postgres://u:secret@db/x?sslnegotiation=direct', /needs sslmode=require/],
  ['postgres://u:secret@db/x?connect_timeout=0', /from 1 to 30/],
  ['postgres://u:secret@db/x?connect_timeout=soon', /from 1 to 30/],
  ['postgres://u:secret@db/x?target_session_attrs=standby', /because the gateway writes/],
];
for (const [url, reason] of refused)
  test(`[E] refuses ${JSON.stringify(url)} without printing its password`, () => {
    assert.throws(
      () => openJournal(url),
      (error: Error) => {
        assert.match(error.message, reason);
        assert.doesNotMatch(error.message + JSON.stringify(error), /secret|sec[/?]|"ret/);
        return true;
      },
    );
  });

test('[E] a TLS file in the home folder is found', (t) => {
  const folder = mkdtempSync(path.join(os.homedir(), '.hookswitch-test-'));
  t.after(() => rmSync(folder, {recursive: true}));
  const file = `~/${path.basename(folder)}/none.pem`;
  const reason = new RegExp(`cannot be read \\(${folder}/none\\.pem: ENOENT\\)`);
  assert.throws(() => parsePostgresUrl(`postgres://u@db/x?sslmode=verify-full&sslrootcert=${file}`), reason);
});

test('[C3] the description of the environment contains no password from the query and no user from the address', () => {
  const url = `postgres:///x?user=u&password=canary-1&host=${CLOUD_SQL}`;
  const env = {
    TWILIO_ACCOUNT_SID: 'AC0123456789abcdef0123456789abcdef',
    TWILIO_AUTH_TOKEN: 'canary-token-0f1e2d3c',
    TWILIO_PHONE_NUMBER: '+14155551234',
    PUBLIC_URL: 'https://gateway.example.com',
    HOOKSWITCH_ACCESS_KEY: 'a'.repeat(48),
    DATABASE_URL: url,
  };
  assert.doesNotMatch(JSON.stringify(describeEnvironment(loadEnvironment({env}))), /canary/);
  assert.equal(describeAddress(parsePostgresUrl(url)), `${CLOUD_SQL}:5432/x`);
});
