/**
 * `SECURITY.md` names the tests for each threat. Those tests exist, and every test in this folder is named.
 */
import assert from 'node:assert/strict';
import {existsSync, globSync, readFileSync} from 'node:fs';
import {test} from 'node:test';

const root = new URL('../../', import.meta.url).pathname;
const text = readFileSync(`${root}SECURITY.md`, 'utf8');
const rows = text.split('\n').filter((line) => /^\|(?! *threat| *-)/.test(line));

test('every threat names an existing test', () => {
  assert.ok(rows.length >= 25, `${rows.length} threats`);
  for (const row of rows) {
    const cells = row.split('|').slice(1, -1);
    assert.equal(cells.length, 3, row);
    const files = [...(cells[2] ?? '').matchAll(/`([^`]+)`/g)].map(([, file = '']) => file);
    assert.ok(files.length > 0, row);
    for (const file of files) {
      assert.match(file, /\.test\.ts$/, row);
      assert.ok(existsSync(root + file), `${file} does not exist`);
    }
  }
});

test('every test in this folder belongs to a threat', () => {
  for (const file of globSync('test/security/*.test.ts', {cwd: root}))
    assert.ok(text.includes(`\`${file}\``), file);
});
