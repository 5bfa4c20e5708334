import assert from 'node:assert/strict';
import {test} from 'node:test';
import {databaseFile, openJournal} from '../../../src/journal/open-journal.ts';
import {parsePostgresUrl} from '../../../src/postgres/postgres-url.ts';

/** A file that can be read, and is nothing that was asked for. */
const HERE = encodeURIComponent(import.meta.filename);

test('[E] a file: URL names a path', () => {
  assert.equal(databaseFile('file:./data/hookswitch.db'), './data/hookswitch.db');
  assert.equal(databaseFile('file:/var/lib/hookswitch.db'), '/var/lib/hookswitch.db');
  assert.equal(databaseFile('file:///var/lib/a%20b.db'), '/var/lib/a b.db');
});

test('[E] any other URL is refused with what is supported, and without its password', () => {
  assert.throws(
    () => openJournal('mysql://user:secret@db/hookswitch'),
    (error: Error) => {
      assert.match(error.message, /mysql: is not supported; use file:<path>/);
      assert.doesNotMatch(error.message, /secret/);
      return true;
    },
  );
  assert.throws(() => openJournal('./data/hookswitch.db'), /use file:<path>/);
  assert.throws(() => openJournal('file:'), /needs a path/);
});

test('[E] a postgres: URL names host, user and database, and may say how it is encrypted', () => {
  const plain = {host: 'db', port: 5432, user: 'u', database: 'x', ssl: false};
  assert.deepEqual(parsePostgresUrl('postgres://u@db/x'), plain);
  assert.deepEqual(parsePostgresUrl('postgresql://u:p%40ss@[::1]:6000/x?sslmode=verify-full'), {
    ...plain,
    host: '::1',
    port: 6000,
    password: 'p@ss',
    ssl: {rejectUnauthorized: true},
  });
  assert.equal(parsePostgresUrl('postgres://u@localhost/x?host=/run/postgresql').host, '/run/postgresql');
});

test('[E] a postgres: URL that says too little, or something unknown, is refused without its password', () => {
  const refused: readonly (readonly [string, RegExp])[] = [
    ['postgres://u:secret@db', /names no database/],
    ['postgres://u:secret@db/x/y', /names no database/],
    ['postgres://:secret@db/x', /names no user/],
    ['postgres://u:secret@:5432/x', /not a URL|names no host/],
    ['postgres:///x', /names no host/],
    ['postgres://u:se#cret@db/x', /not a URL|names no/],
    ['postgres://u:secret%zz@db/x', /percent/],
    ['postgres://u:secret@db/x?statement_timeout=0', /parameter "statement_timeout"/],
    ['postgres://u:secret@db/x?sslmode=prefer', /sslmode is one of/],
    [
      'postgres://u:secret@db/x?sslmode=verify-ca&sslrootcert=/no/such/file',
      /sslrootcert names cannot be read/,
    ],
    ['postgres://u:secret@db:x/x', /not a URL/],
    ['postgres://u:secret@db/x?sslmode=verify-full#secret', /has a # .*write %23/],
    ['postgres://u:secret@db/x?sslmode=verify-full&sslmode=disable', /has sslmode twice/],
    ['postgres://u:secret@db/x?sslrootcert=ca.pem', /sslrootcert does nothing without sslmode/],
    ['postgres://u:secret@db/x?sslmode=disable&sslcert=c.pem', /sslcert does nothing without sslmode/],
    [`postgres://u:secret@db/x?sslmode=require&sslcert=${HERE}`, /sslcert and sslkey go together/],
    [`postgres://u:secret@db/x?sslmode=verify-full&sslrootcert=${HERE}`, /holds no certificate in PEM/],
    [
      `postgres://u:secret@db/x?sslmode=require&sslcert=${HERE}&sslkey=${HERE}`,
      /no certificate and its key, in PEM without a passphrase/,
    ],
    [
      'postgres://u:secret@localhost/x?host=/run/postgresql&sslmode=require',
      /Unix socket is never encrypted/,
    ],
  ];
  for (const [url, reason] of refused) {
    assert.throws(
      () => openJournal(url),
      (error: Error) => {
        assert.match(error.message, reason, url);
        assert.doesNotMatch(error.message + JSON.stringify(error), /secret/);
        return true;
      },
    );
  }
});
