/** The tables of the documents say what the code does. */
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {test} from 'node:test';
import {closeReasons, errorCodes} from '@hookswitch/protocol';
import {clientMessage, serverMessage} from '@hookswitch/protocol/schemas';
import {errorTypes} from '../../../src/errors/app-error.ts';

const root = new URL('../../../', import.meta.url);
const read = (file: string) => readFileSync(new URL(file, root), 'utf8');
const protocol = read('docs/PROTOCOL.md');

/** The rows of the table under `heading`, as cells. */
function table(heading: string): string[][] {
  const section = protocol.split(`### ${heading}\n`)[1]?.split('\n### ')[0] ?? '';
  const rows = section.split('\n').filter((line) => line.startsWith('|'));
  return rows.slice(2).map((row) =>
    row
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

test('the close codes in PROTOCOL.md are those of the protocol package', () => {
  const expected = Object.values(closeReasons).map(({code, text, retry}) => [String(code), text, retry]);
  assert.deepEqual(table('Close codes'), expected);
});

test('[H6] the error codes in PROTOCOL.md are those of AppError', () => {
  const expected = Object.entries(errorTypes).map(([code, {status, title}]) => [
    `\`${code}\``,
    String(status),
    title,
  ]);
  assert.deepEqual(table('Errors'), expected);
});

test('[W5] every code of an error message is a code of AppError', () => {
  assert.deepEqual(
    errorCodes.filter((code) => !(code in errorTypes)),
    [],
  );
});

test('every message of the protocol is in PROTOCOL.md, in its direction', () => {
  const named = (heading: string) => table(heading).map(([cell]) => /`([a-z.]+)`/.exec(cell ?? '')?.[1]);
  const types = (union: typeof serverMessage | typeof clientMessage) =>
    union.options.map((option) => option.shape.type.value);
  assert.deepEqual(new Set(named('Server → client')), new Set(types(serverMessage)));
  assert.deepEqual(new Set(named('Client → server')), new Set(types(clientMessage)));
});

test('links between the documents lead to files', () => {
  for (const file of [
    ...[
      'README.md',
      'CONTRIBUTING.md',
      'docs/ARCHITECTURE.md',
      'docs/PROTOCOL.md',
      'docs/DEPLOY.md',
      'docs/SCALING.md',
    ],
  ]) {
    for (const [, target = ''] of read(file).matchAll(/\]\(([^)#]+)\)/g)) {
      if (/^[a-z]+:/.test(target)) continue;
      assert.ok(read(new URL(target, new URL(file, root)).href), `${file} → ${target}`);
    }
  }
});
