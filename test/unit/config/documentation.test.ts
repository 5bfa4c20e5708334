/** The README's table of variables is the one of the declarations; alignment is the writer's. */
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {test} from 'node:test';
import {environmentTable} from '../../../src/config/documentation.ts';

const readme = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8');

/** The cells of each row that begins with a variable. */
const rows = readme
  .split('\n')
  .filter((line) => /^\|\s*`[A-Z][A-Z0-9_]+`\s*\|/.test(line))
  .map((line) => line.split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll('\\|', '|')));

for (const {variable, default: expected} of environmentTable()) {
  test(`[E] README.md has ${variable} and its default`, () => {
    const row = rows.find((cells) => cells[1] === `\`${variable}\``);
    assert.ok(row !== undefined, `no row for ${variable}`);
    assert.ok(row[2]?.includes(expected), `its default is ${expected}, the table says ${row[2]}`);
  });
}

test('[E] README.md names no variable that does not exist', () => {
  const known = new Set<string>(environmentTable().map(({variable}) => `\`${variable}\``));
  const unknown = rows.map((cells) => cells[1] ?? '').filter((name) => !known.has(name));
  assert.deepEqual(unknown, []);
});
