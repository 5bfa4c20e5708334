/**
 * The table in docs/reference/environment.md describes each variable as it is declared. Alignment may differ.
 */
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {test} from 'node:test';
import {environmentTable} from '../../../src/config/documentation.ts';

const reference = readFileSync(new URL('../../../docs/reference/environment.md', import.meta.url), 'utf8');

/** The cells of each row that starts with a variable. */
const rows = reference
  .split('\n')
  .filter((line) => /^\|\s*`[A-Z][A-Z0-9_]+`\s*\|/.test(line))
  .map((line) => line.split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll('\\|', '|')));

for (const {variable, default: expected} of environmentTable()) {
  test(`[E] the reference has ${variable} and its default`, () => {
    const row = rows.find((cells) => cells[1] === `\`${variable}\``);
    assert.ok(row !== undefined, `no row for ${variable}`);
    assert.ok(row[2]?.includes(expected), `its default is ${expected}, the table says ${row[2]}`);
  });
}

test('[E] the reference names no variable that does not exist', () => {
  const known = new Set<string>(environmentTable().map(({variable}) => `\`${variable}\``));
  const unknown = rows.map((cells) => cells[1] ?? '').filter((name) => !known.has(name));
  assert.deepEqual(unknown, []);
});
