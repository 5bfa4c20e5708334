/** The package as others get it: what it weighs, what it refers to, that nothing is touched at import time. */
import assert from 'node:assert/strict';
import {globSync, readFileSync} from 'node:fs';
import path from 'node:path';
import {test} from 'node:test';
import {bundle, MAX_CORE_BYTES, MAX_LATER_BYTES, measure} from '../scripts/bundle.ts';

const src = path.join(import.meta.dirname, '../src');

test(`the core weighs at most ${MAX_CORE_BYTES} bytes, minified and compressed`, async (t) => {
  const {first, later} = await measure('index');
  t.diagnostic(`${first.gzip} bytes at first, ${later.gzip} later`);
  assert.ok(first.gzip <= MAX_CORE_BYTES, `${first.gzip} bytes`);
  // What is loaded later is bounded too: nothing moves there only to be out of sight.
  assert.ok(later.gzip <= MAX_LATER_BYTES, `${later.gzip} bytes`);
});

test('what is built carries no schema library and refers to nothing outside', async () => {
  for (const file of await bundle(['index'])) {
    if (file.type !== 'chunk') continue;
    assert.deepEqual(
      file.imports.filter((name) => !/^[\w-]+\.js$/.test(name)),
      [],
    );
    assert.doesNotMatch(file.code, /zod/i);
  }
});

test('the client imports the protocol, and nothing else of ours', () => {
  const files = globSync('**/*.{ts,tsx}', {cwd: src});
  assert.ok(files.length > 10);
  for (const file of files) {
    const text = readFileSync(path.join(src, file), 'utf8');
    const imported = [...text.matchAll(/(?:from |import\()'([^']+)'/g)].map(([, from = '']) => from);
    for (const from of imported) {
      if (!from.startsWith('.')) {
        assert.match(
          from,
          file.startsWith('react') ? /^(@hookswitch\/protocol|react)$/ : /^@hookswitch\/protocol$/,
          file,
        );
        continue;
      }
      const target = path.resolve(src, path.dirname(file), from);
      assert.ok(target.startsWith(src), `${file} imports ${from}`);
      // The core knows nothing of React.
      if (!file.startsWith('react'))
        assert.ok(!target.startsWith(path.join(src, 'react')), `${file} imports ${from}`);
    }
  }
});

test('the core asks the clock it was given, never the system', () => {
  for (const file of globSync('*.ts', {cwd: src}).filter(
    (name) => !/^(environment|live-duration)\.ts$/.test(name),
  ))
    assert.doesNotMatch(
      readFileSync(path.join(src, file), 'utf8'),
      /Date\.now\(|new Date\(\)|performance\.now\(|setTimeout\(|setInterval\(/,
      file,
    );
});
