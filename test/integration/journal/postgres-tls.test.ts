/**
 * `sslmode` and its files in DATABASE_URL against a real TLS server: which connections succeed, and the
 * errors of the others.
 */
import assert from 'node:assert/strict';
import {mkdtemp, rm, writeFile} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import {after, before, describe, type TestContext, test} from 'node:test';
import {JournalUnavailableError} from '../../../src/errors/app-error.ts';
import {PostgresDatabase} from '../../../src/postgres/postgres-database.ts';
import {startGateway} from '../../support/gateway/gateway.ts';
import {openBench} from '../../support/gateway/process-gateway.ts';
import {createNode} from '../../support/journal/journal-postgres-fixture.ts';
import {CertificateAuthority} from '../../support/postgres/certificates.ts';
import {PostgresServer, postgresServer} from '../../support/postgres/postgres.ts';
import {until} from '../../support/until.ts';

const SECRET = 'wrong-or-right-secret';

/**
 * The tests connect without restrictions. `app` needs TLS and its password, and `machine` needs TLS and its
 * certificate. The server asks `plain` for a cleartext password.
 */
const RULES = `host all postgres 127.0.0.1/32 trust
hostssl all app 127.0.0.1/32 scram-sha-256
hostssl all machine 127.0.0.1/32 cert
hostssl all plain 127.0.0.1/32 password
`;

describe('TLS to the database', () => {
  const authority = new CertificateAuthority('the authority of the database');
  let server: PostgresServer;
  let folder: string;

  before(async () => {
    const {cert, key} = authority.issue('database', {names: ['localhost']});
    const expired = authority.issue('database', {names: ['localhost'], days: -1});
    server = await PostgresServer.create({
      settings: {ssl: 'on', ssl_ca_file: 'clients.crt', password_encryption: 'scram-sha-256'},
      files: {
        'pg_hba.conf': RULES,
        'server.crt': cert,
        'server.key': key,
        'expired.crt': expired.cert,
        'expired.key': expired.key,
        'clients.crt': authority.cert,
      },
    });
    await server.query(
      `CREATE ROLE app LOGIN PASSWORD '${SECRET}'; CREATE ROLE machine LOGIN; CREATE ROLE plain LOGIN PASSWORD '${SECRET}'`,
    );
    folder = await mkdtemp(path.join(os.tmpdir(), 'hookswitch-tls-'));
    const machine = authority.issue('machine');
    const files = {
      'ca.pem': authority.cert,
      'foreign-ca.pem': new CertificateAuthority('somebody else').cert,
      'machine.crt': machine.cert,
      'machine.key': machine.key,
    };
    for (const [name, text] of Object.entries(files)) await writeFile(path.join(folder, name), text);
  });

  after(async () => {
    await server.dispose();
    await rm(folder, {recursive: true, force: true});
  });

  /** The URL of a fresh database that belongs to `user`. @param query may refer to a file as `@name` */
  async function urlFor(
    t: TestContext,
    query: string,
    {user = 'app', host = 'localhost', password = SECRET} = {},
  ) {
    const {pathname} = new URL(await server.databaseOf(t));
    await server.query(`ALTER DATABASE ${pathname.slice(1)} OWNER TO ${user}`);
    const sslFiles = query.replaceAll('@', `${folder}/`);
    return `postgres://${user}:${password}@${host}:${server.port}${pathname}${sslFiles}`;
  }

  /** Opens a journal and closes it again. Returns the error if it is refused. */
  async function tryOpening(t: TestContext, url: string): Promise<JournalUnavailableError | undefined> {
    const node = createNode(url);
    t.after(() => node.close());
    try {
      await node.open();
      return undefined;
    } catch (error) {
      assert.ok(error instanceof JournalUnavailableError, String(error));
      const errorText = `${error.message} ${error.cause instanceof Error ? error.cause.message : ''}`;
      assert.doesNotMatch(errorText, new RegExp(SECRET));
      return error;
    }
  }

  test('a gateway with sslmode=verify-full encrypts each of its connections', async (t) => {
    const url = await urlFor(t, '?sslmode=verify-full&sslrootcert=@ca.pem');
    await using gateway = await startGateway({env: {DATABASE_URL: url}});
    const session = await gateway.session();
    const callSid = await gateway.place({to: '+15550100101', twiml: '<Response><Hangup/></Response>'});
    await session.receive('call.status', (each) => each.callSid === callSid);
    const rows = await server.query(
      `SELECT s.ssl, a.application_name FROM pg_stat_ssl s JOIN pg_stat_activity a USING (pid) WHERE a.usename = 'app'`,
    );
    const names = rows.map((row) => String(row['application_name']));
    for (const purpose of ['writer', 'listener', 'cluster'])
      assert.ok(
        names.some((name) => name.includes(purpose)),
        `${purpose}: ${names.join()}`,
      );
    assert.deepEqual(new Set(rows.map((row) => row['ssl'])), new Set([true]));
    assert.ok(!gateway.logs.join('').includes(SECRET));
  });

  const accepted: readonly (readonly [string, string, {host?: string; user?: string}])[] = [
    ['require, for any signer and any host name', '?sslmode=require', {host: '127.0.0.1'}],
    ['channel binding, as Neon requires it', '?sslmode=require&channel_binding=require', {}],
    [
      'channel binding that is preferred',
      '?sslmode=verify-full&sslrootcert=@ca.pem&channel_binding=prefer',
      {},
    ],
    [
      'channel binding that is preferred but unavailable',
      '?sslmode=require&channel_binding=prefer',
      {user: 'plain'},
    ],
    ['verify-ca, for any host name', '?sslmode=verify-ca&sslrootcert=@ca.pem', {host: '127.0.0.1'}],
    [
      'a client certificate instead of a password',
      '?sslmode=verify-full&sslrootcert=@ca.pem&sslcert=@machine.crt&sslkey=@machine.key',
      {user: 'machine'},
    ],
  ];
  for (const [what, query, options] of accepted)
    test(`a connection succeeds with ${what}`, async (t) => {
      assert.equal(await tryOpening(t, await urlFor(t, query, options)), undefined);
    });

  const UNTRUSTED = /not signed by a trusted authority: sslrootcert in DATABASE_URL must name a file/;
  const UNBOUND = /does not offer channel binding .*leave channel_binding out/;
  const refused: readonly (readonly [
    string,
    string,
    RegExp,
    {host?: string; user?: string; password?: string}?,
  ])[] = [
    [
      'verify-full and another host name',
      '?sslmode=verify-full&sslrootcert=@ca.pem',
      /for another host name: DATABASE_URL must name a host in the certificate/,
      {host: '127.0.0.1'},
    ],
    ['verify-full and a foreign authority', '?sslmode=verify-full&sslrootcert=@foreign-ca.pem', UNTRUSTED],
    ['verify-ca and a foreign authority', '?sslmode=verify-ca&sslrootcert=@foreign-ca.pem', UNTRUSTED],
    // Like libpq: a configured authority is used for verification.
    ['require and a foreign authority', '?sslmode=require&sslrootcert=@foreign-ca.pem', UNTRUSTED],
    ['verify-full without an authority', '?sslmode=verify-full', UNTRUSTED],
    [
      'no TLS, which the server insists on',
      '',
      /accepts no connection without TLS: add \?sslmode=verify-full/,
    ],
    [
      'a wrong password, over TLS',
      '?sslmode=require',
      /does not accept the password/,
      {password: `not-${SECRET}`},
    ],
    [
      'channel binding, and a server that asks for a cleartext password',
      '?sslmode=require&channel_binding=require',
      UNBOUND,
      {user: 'plain'},
    ],
    [
      'channel binding, and a server that asks for no password',
      '?sslmode=require&channel_binding=require&sslcert=@machine.crt&sslkey=@machine.key',
      UNBOUND,
      {user: 'machine'},
    ],
    [
      'no certificate, although the server requires one',
      '?sslmode=verify-full&sslrootcert=@ca.pem',
      /does not admit this user .*client certificate/,
      {user: 'machine'},
    ],
  ];
  for (const [what, query, sentence, options] of refused)
    test(`[C3] a refusal is one sentence: ${what}`, async (t) => {
      assert.match((await tryOpening(t, await urlFor(t, query, options)))?.message ?? 'accepted', sentence);
    });

  test('channel binding is required for each connection of a pool', async (t) => {
    const url = await urlFor(t, '?sslmode=require&channel_binding=require', {user: 'plain'});
    const database = new PostgresDatabase({url});
    t.after(() => database.close());
    await assert.rejects(database.query('SELECT 1'), UNBOUND);
  });

  test('direct TLS works if the server supports it', async (t) => {
    const [row] = await server.query(`SELECT current_setting('server_version_num')::int AS version`);
    if (Number(row?.['version']) < 170_000)
      return t.skip('PostgreSQL before 17 does not know sslnegotiation=direct');
    assert.equal(await tryOpening(t, await urlFor(t, '?sslmode=require&sslnegotiation=direct')), undefined);
  });

  test('[C3] the process prints that sentence and exits, without printing the password', async (t) => {
    await using bench = await openBench();
    const url = await urlFor(t, '?sslmode=verify-full&sslrootcert=@foreign-ca.pem');
    const started = bench.start({DATABASE_URL: url, LOG_LEVEL: 'debug'});
    assert.equal(await started.exited(), 1);
    assert.match(started.stderr, /^Hookswitch cannot start: DATABASE_URL \(localhost:.* as app\): .*\n$/);
    assert.match(started.stderr, UNTRUSTED);
    assert.ok(!`${started.stdout}${started.stderr}`.includes(SECRET));
  });

  test('[C3] an expired certificate is refused with one sentence', async (t) => {
    const url = await urlFor(t, '?sslmode=verify-full&sslrootcert=@ca.pem');
    await server.query(`ALTER SYSTEM SET ssl_cert_file = 'expired.crt'`);
    await server.query(`ALTER SYSTEM SET ssl_key_file = 'expired.key'`);
    await server.query('SELECT pg_reload_conf()');
    t.after(async () => {
      await server.query('ALTER SYSTEM RESET ALL');
      await server.query('SELECT pg_reload_conf()');
    });
    const error = await until(() => tryOpening(t, url), {what: 'the server to show the other certificate'});
    assert.match(error.message, /has expired: renew it/);
  });

  test('sslmode=require causes a warning because the certificate is not checked, unless an authority is given', async (t) => {
    for (const [query, expected] of [
      ['?sslmode=require', 1],
      ['?sslmode=require&sslrootcert=@ca.pem', 0],
      ['?sslmode=verify-full&sslrootcert=@ca.pem', 0],
    ] as const) {
      const warnings: string[] = [];
      const database = new PostgresDatabase({
        url: await urlFor(t, query),
        onWarning: (warning) => warnings.push(warning),
      });
      t.after(() => database.close());
      await database.open();
      assert.equal(warnings.filter((warning) => warning.includes('is not verified')).length, expected, query);
    }
  });
});

void test('[C3] a server without TLS gets no cleartext data if sslmode requires TLS', async (t) => {
  const plain = await postgresServer();
  const node = createNode(`${await plain.databaseOf(t)}?sslmode=require`);
  t.after(() => node.close());
  await assert.rejects(node.open(), /does not support TLS: turn ssl on there, or leave sslmode out/);
});
