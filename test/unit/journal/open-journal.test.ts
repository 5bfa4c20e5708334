import assert from 'node:assert/strict';
import {test} from 'node:test';
import {databaseFile, openJournal} from '../../../src/journal/open-journal.ts';

test('[E] a file: URL names a path', () => {
  assert.equal(databaseFile('file:./data/hookswitch.db'), './data/hookswitch.db');
  assert.equal(databaseFile('file:/var/lib/hookswitch.db'), '/var/lib/hookswitch.db');
  assert.equal(databaseFile('file:///var/lib/a%20b.db'), '/var/lib/a b.db');
});

test('[E] any other URL is refused with what is supported, and without its password', () => {
  assert.throws(
    () => openJournal('postgres://user:secret@db/hookswitch'),
    (error: Error) => {
      assert.match(error.message, /postgres: is not supported; use file:<path>/);
      assert.doesNotMatch(error.message, /secret/);
      return true;
    },
  );
  assert.throws(() => openJournal('./data/hookswitch.db'), /use file:<path>/);
  assert.throws(() => openJournal('file:'), /needs a path/);
});
