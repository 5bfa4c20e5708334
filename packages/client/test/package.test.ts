/** The package as users get it: its size, its imports, and no side effects on import. */
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
    // A part that is not found would have size 0.
    assert.ok(gzip > 1000 && gzip <= maxBytes[part], `${gzip} bytes`);
  });
}

test('the build contains no schema library and refers to nothing outside', async () => {
  for (const file of await bundle(['index'])) {
    if (file.type !== 'chunk') continue;
    assert.deepEqual(
      file.imports.filter((name) => !/^[\w-]+\.js$/.test(name)),
      [],
    );
    assert.doesNotMatch(file.code, /zod/i);
  }
});

test('the client imports only the protocol from this repository', () => {
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
      // The core does not depend on React.
      if (!file.startsWith('react'))
        assert.ok(!target.startsWith(path.join(src, 'react')), `${file} imports ${from}`);
    }
  }
});

test("the core uses the injected clock, never the system's", () => {
  for (const file of globSync('**/*.ts', {cwd: src}).filter((name) => name !== 'system-clock.ts')) {
    const text = readFileSync(path.join(src, file), 'utf8');
    assert.doesNotMatch(text, /Date\.now|new Date\(\)|performance\.now/, file);
    if (file !== 'react/second-ticker.ts') assert.doesNotMatch(text, /setTimeout\(|setInterval\(/, file);
  }
});

test('the code uses no API that the oldest browsers of the README lack', async () => {
  // APIs added by ECMAScript 2023 or later fail to compile (`lib` in tsconfig.build.json). This list has the
  // platform's APIs.
  const newer =
    /AbortSignal\.(?:any|timeout)|throwIfAborted|randomUUID|structuredClone|scheduler\.|requestIdleCallback|navigator\.locks|URL\.(?:canParse|parse)\(|Symbol\.(?:async)?[dD]ispose|WebSocketStream|reportError|await using|using \w+ =|static \{/;
  const built = await bundle(['index', 'react']);
  assert.ok(built.length >= 4);
  for (const file of built) {
    // Comments may name these APIs.
    if (file.type === 'chunk')
      assert.doesNotMatch(file.code.replaceAll(/\/\*.*?\*\/|\/\/.*$/gms, ''), newer, file.fileName);
  }
});

test('[Next.js] only the React entry starts with "use client"', async () => {
  for (const file of await bundle(['index', 'react'])) {
    if (file.type !== 'chunk') continue;
    assert.equal(file.code.startsWith('"use client";'), file.name === 'react', file.fileName);
  }
});
