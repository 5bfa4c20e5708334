/** The package as others get it: what it weighs, what it refers to, that nothing is touched at import time. */
import assert from 'node:assert/strict';
import {globSync, readFileSync} from 'node:fs';
import path from 'node:path';
import {test} from 'node:test';
import {bundle, maxBytes, measure, parts} from '../scripts/bundle.ts';

const src = path.join(import.meta.dirname, '../src');

for (const part of parts) {
  test(`the ${part} weighs at most ${maxBytes[part]} bytes, minified and compressed`, async (t) => {
    const {gzip} = (await measure())[part];
    t.diagnostic(`${gzip} bytes`);
    // A part that is not found would weigh nothing.
    assert.ok(gzip > 1000 && gzip <= maxBytes[part], `${gzip} bytes`);
  });
}

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
  for (const file of globSync('**/*.ts', {cwd: src}).filter((name) => name !== 'system-clock.ts')) {
    const text = readFileSync(path.join(src, file), 'utf8');
    assert.doesNotMatch(text, /Date\.now|new Date\(\)|performance\.now/, file);
    if (file !== 'react/second-ticker.ts') assert.doesNotMatch(text, /setTimeout\(|setInterval\(/, file);
  }
});

test('nothing is used that the oldest browsers of the README do not have', async () => {
  // What ECMAScript 2023 and later added fails to compile (`lib` in tsconfig.build.json). These are the platform's own.
  const newer =
    /AbortSignal\.(?:any|timeout)|throwIfAborted|randomUUID|structuredClone|scheduler\.|requestIdleCallback|navigator\.locks|URL\.(?:canParse|parse)\(|Symbol\.(?:async)?[dD]ispose|WebSocketStream|reportError|await using|using \w+ =|static \{/;
  const built = await bundle(['index', 'react']);
  assert.ok(built.length >= 4);
  for (const file of built) {
    // Comments name what is avoided.
    if (file.type === 'chunk')
      assert.doesNotMatch(file.code.replaceAll(/\/\*.*?\*\/|\/\/.*$/gms, ''), newer, file.fileName);
  }
});

test('[Next.js] the React entry begins with "use client", and only that one', async () => {
  for (const file of await bundle(['index', 'react'])) {
    if (file.type !== 'chunk') continue;
    assert.equal(file.code.startsWith('"use client";'), file.name === 'react', file.fileName);
  }
});
