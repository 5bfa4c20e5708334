/** Imports point one way, as ARCHITECTURE.md says; time comes from a clock. */
import assert from 'node:assert/strict';
import {globSync, readFileSync} from 'node:fs';
import path from 'node:path';
import {test} from 'node:test';

const src = path.join(import.meta.dirname, '../../../src');

function sources(folder: string): readonly {readonly file: string; readonly text: string}[] {
  return globSync(`${folder}/**/*.ts`, {cwd: src}).map((file) => ({
    file,
    text: readFileSync(path.join(src, file), 'utf8'),
  }));
}

function importsOf(text: string): string[] {
  return [...text.matchAll(/ from '([^']+)'/g)].map(([, from = '']) => from);
}

test('services know ports only: no adapter, no edge, no library behind one', () => {
  const forbidden =
    /^\.\.\/(?:websocket|handlers|server)|\/sqlite\/|twilio-rest|^(?:ws|express|twilio|node:sqlite)$/;
  const files = sources('services');
  assert.ok(files.length > 10);
  for (const {file, text} of files)
    assert.deepEqual(
      importsOf(text).filter((from) => forbidden.test(from)),
      [],
      file,
    );
});

test('services and handlers ask the clock they were given, never the system', () => {
  for (const {file, text} of [...sources('services'), ...sources('handlers')])
    assert.doesNotMatch(text, /Date\.now\(|new Date\(\)|performance\.now\(|setTimeout\(|setInterval\(/, file);
});
