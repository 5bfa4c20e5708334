import assert from 'node:assert/strict';
import {homedir} from 'node:os';
import path from 'node:path';
import {test} from 'node:test';
import {databaseFile, openJournal} from '../../../src/journal/open-journal.ts';

test('[E] a file: URL names a path', () => {
  assert.equal(databaseFile('file:./data/hookswitch.db'), './data/hookswitch.db');
  assert.equal(databaseFile('file:/var/lib/hookswitch.db'), '/var/lib/hookswitch.db');
  assert.equal(databaseFile('file:///var/lib/a%20b.db'), '/var/lib/a b.db');
  assert.equal(databaseFile('file:./a%20b.db'), './a%20b.db');
  assert.equal(databaseFile('file:~/h.db'), path.join(homedir(), 'h.db'));
  assert.equal(databaseFile('file:./h~1.db'), './h~1.db');
});

test('[E] any other URL is refused with a list of the supported forms and without its password', () => {
  assert.throws(
    () => openJournal('mysql://user:secret@db/hookswitch'),
    (error: Error) => {
      assert.match(error.message, /mysql: is not supported; use file:<path>/);
      assert.doesNotMatch(error.message, /secret/);
      return true;
    },
  );
  assert.throws(() => openJournal('./data/hookswitch.db'), /use file:<path>/);
  assert.throws(() => openJournal('file:'), /names no file/);
});

test('[E] a file: URL that would create an unintended file or folder is refused', () => {
  const refused: readonly (readonly [string, RegExp])[] = [
    ['file:', /names no file/],
    ['file:.', /names no file/],
    ['file:..', /names no file/],
    ['file:./data/', /names no file/],
    ['file:./data/.', /names no file/],
    ['file:~', /has a ~/],
    ['file:~alice/h.db', /has a ~/],
    ['file:./~/h.db', /has a ~/],
    ['file:///~/h.db', /has a ~/],
    ['file://~/h.db', /three slashes/],
    ['file://./h.db', /three slashes/],
    ['file://data/h.db', /three slashes/],
    ['file:///a%zz', /three slashes|file: URL/],
    ['file:"./h.db"', /quotes/],
    ["file:'/var/h.db'", /quotes/],
    ['file:$HOME/h.db', /variable/],
    ['file:\u0024{DATA}/h.db', /variable/],
    ['file:/srv/%DATA%/h.db', /variable/],
  ];
  for (const [url, reason] of refused) assert.throws(() => databaseFile(url), reason, url);
});
