/** A refused database: the error has one sentence, the message of the database service, and no secrets. */
import assert from 'node:assert/strict';
import {createServer} from 'node:net';
import {type TestContext, test} from 'node:test';
import {JournalUnavailableError} from '../../../src/errors/app-error.ts';
import {PostgresDatabase} from '../../../src/postgres/postgres-database.ts';
import {createNode} from '../../support/journal/journal-postgres-fixture.ts';
import {databaseOf, postgresServer} from '../../support/postgres/postgres.ts';

async function refusalOf(t: TestContext, url: string): Promise<string> {
  const node = createNode(url);
  t.after(() => node.close());
  const error: unknown = await node.open().then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof JournalUnavailableError, String(error));
  const {cause} = error;
  assert.doesNotMatch(`${error.message} ${cause instanceof Error ? cause.message : ''}`, /wrong-secret/);
  return error.message;
}

void test('[C3] an unusable database is refused at start with one sentence and without its password', async (t) => {
  const server = await postgresServer();
  const url = await databaseOf(t);
  await server.query(`CREATE ROLE guest LOGIN PASSWORD 'guest'`);
  t.after(() => server.query('DROP ROLE guest'));
  const database = new URL(url).pathname.slice(1);
  const guest = server.url(database, {user: 'guest', password: 'wrong-secret'});
  assert.match(await refusalOf(t, guest), /user guest may not create or change the schema.*GRANT CREATE/);
  const nowhere = server.url('nowhere', {password: 'wrong-secret'});
  assert.match(await refusalOf(t, nowhere), /nowhere as postgres\): There is no such database/);
  const closed = server.url(database, {port: 1, password: 'wrong-secret'});
  assert.match(await refusalOf(t, closed), /Nothing listens at the address of the database/);
});

/**
 * The URL of a stand-in for a database service that answers every connection with `message`, a protocol
 * message.
 */
async function serviceWithError(t: TestContext, message: Buffer): Promise<string> {
  const stub = createServer((socket) => {
    socket.once('data', () => socket.write(message));
    socket.on('error', () => {});
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => stub.once('listening', resolve));
  t.after(() => stub.close());
  const address = stub.address();
  assert.ok(address !== null && typeof address === 'object');
  return `postgres://u:wrong-secret@127.0.0.1:${address.port}/x`;
}

const messages: readonly (readonly [string | undefined, string, RegExp])[] = [
  ['28P01', 'password authentication failed for user "u"', /does not accept the password/],
  ['XX000', 'Tenant or user not found', /cannot be used/],
  [undefined, 'Tenant or user not found', /cannot be used/],
  ['08P01', 'no such user', /refuses the connection/],
  ['53400', 'too many connections for the plan', /limit of the database service is reached/],
  ['53300', 'sorry, too many clients already', /has no free connection/],
  ['57P03', 'the database system is starting up', /starting or shutting down/],
  ['3D000', 'database "x" does not exist', /no such database: create it/],
  ['42704', 'unrecognized configuration parameter "jit"', /does not accept a setting/],
];
for (const [state, words, sentence] of messages)
  void test(`[C3] the database service's message is passed on: ${state ?? 'no SQLSTATE'}, ${words}`, async (t) => {
    const url = await serviceWithError(t, errorMessage(state, words));
    const refusal = await refusalOf(t, url);
    assert.match(refusal, /^DATABASE_URL \(127\.0\.0\.1:\d+\/x as u\): /);
    assert.match(refusal, sentence);
    assert.ok(
      refusal.endsWith(
        `The database service says: ${state === undefined ? '' : `SQLSTATE ${state}: `}${words}`,
      ),
    );
  });

void test("[C3] the database service's message is passed on as one line, bounded and without secrets", async (t) => {
  const words = `cannot connect\nto postgres://other:canary@host/x with wrong-secret${' and more'.repeat(100)}`;
  const refusal = await refusalOf(t, await serviceWithError(t, errorMessage('XX000', words)));
  assert.match(
    refusal,
    /says: SQLSTATE XX000: cannot connect to postgres:\/\/other:•••@host\/x with ••• and more .*…$/,
  );
  assert.ok(refusal.length < 500);
});

void test('[C3] a schema of that name with foreign tables is refused with their names, and left unchanged', async (t) => {
  const server = await postgresServer();
  const url = await databaseOf(t);
  const name = new URL(url).pathname.slice(1);
  const tables = `CREATE SCHEMA hookswitch; CREATE TABLE hookswitch.entries (id int); CREATE TABLE hookswitch.migrations (version int)`;
  await server.query(tables, name);
  const database = new PostgresDatabase({url});
  t.after(() => database.close());
  const refusal =
    /schema "hookswitch" .* tables of another program \("entries", "migrations"\).*Name another database/;
  await assert.rejects(database.check(), refusal);
  await assert.rejects(database.open(), refusal);
  const rows = await server.query(
    `SELECT count(*)::int AS n FROM pg_class WHERE relnamespace = 'hookswitch'::regnamespace`,
    name,
  );
  assert.deepEqual(rows, [{n: 2}]);
});

void test('[C3] a foreign table with a name that the gateway needs is named', async (t) => {
  const server = await postgresServer();
  const url = await databaseOf(t);
  const name = new URL(url).pathname.slice(1);
  const first = new PostgresDatabase({url});
  t.after(() => first.close());
  await first.open();
  await server.query('DELETE FROM hookswitch.migrations WHERE id = 3', name);
  assert.match(
    await refusalOf(t, url),
    /tables of the gateway cannot be created .* says: SQLSTATE 42P07: relation "confirmations" already exists/,
  );
});

/** A server message in the Postgres protocol. */
function message(type: string, body: Buffer): Buffer {
  return Buffer.concat([Buffer.from(type), int32(body.length + 4), body]);
}

/** Some poolers send no code. */
function errorMessage(code: string | undefined, text: string): Buffer {
  const state = code === undefined ? '' : `C${code}\0`;
  return message('E', Buffer.from(`SFATAL\0VFATAL\0${state}M${text}\0\0`));
}

function int32(value: number): Buffer {
  const buffer = Buffer.alloc(4);
  buffer.writeInt32BE(value);
  return buffer;
}
