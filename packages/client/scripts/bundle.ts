/** The SDK as it is packed: one ES module per entry, without what the reader has (React). */
import {existsSync} from 'node:fs';
import path from 'node:path';
import {gzipSync} from 'node:zlib';
import {build, minifySync, type Rolldown} from 'vite';

const folder = path.join(import.meta.dirname, '..');

/** What `package.json` exports, by name. */
export const entries: Readonly<Record<string, string>> = {
  index: path.join(folder, 'src/index.ts'),
  react: path.join(folder, 'src/react/index.ts'),
};

/** Everything but what is loaded later, and React's part. */
const CORE = /packages\/(?:protocol\/src\/|client\/src\/(?!acts|requests)[\w-]+\.ts$)/;

/** Bytes min+gzip that a page may load before its calls are live. */
export const MAX_CORE_BYTES = 6912;
/** Bytes min+gzip that it may load after that, for acting. */
export const MAX_LATER_BYTES = 2560;

/** Bundles the entries there are, and writes them to `dist` where asked to. */
export async function bundle(names: readonly string[], {write = false} = {}) {
  const entry = Object.fromEntries(
    names.flatMap((name) => {
      const file = entries[name];
      return file !== undefined && existsSync(file) ? [[name, file]] : [];
    }),
  );
  const result = await build({
    configFile: false,
    root: folder,
    logLevel: 'error',
    build: {
      write,
      emptyOutDir: write,
      minify: false,
      sourcemap: write,
      target: 'es2022',
      lib: {entry, formats: ['es'], fileName: (_format, name) => `${name}.js`},
      rolldownOptions: {
        external: /^react(-dom)?(\/|$)/,
        // What the entries share is one file, not one for every set of entries that shares something.
        output: {codeSplitting: {groups: [{name: 'core', test: CORE}]}},
      },
    },
  });
  const outputs = (Array.isArray(result) ? result : [result]) as Rolldown.RolldownOutput[];
  return outputs.flatMap(({output}) => output);
}

export interface Weight {
  /** Bytes, minified. */
  readonly min: number;
  /** Bytes, minified and compressed. */
  readonly gzip: number;
}

/** What one entry loads at once, and what it loads later, as a page that uses all of it would. */
export async function measure(name: string): Promise<{readonly first: Weight; readonly later: Weight}> {
  const chunks = (await bundle([name])).filter((file) => file.type === 'chunk');
  const first = new Set<string>();
  const visit = (fileName: string) => {
    if (first.has(fileName)) return;
    first.add(fileName);
    chunks.find((chunk) => chunk.fileName === fileName)?.imports.forEach(visit);
  };
  visit(`${name}.js`);
  const weigh = (wanted: boolean) => weight(chunks.filter(({fileName}) => first.has(fileName) === wanted));
  return {first: weigh(true), later: weigh(false)};
}

function weight(chunks: readonly {readonly code: string}[]): Weight {
  // A library's build keeps its white space for whoever bundles it; that bundler takes it away.
  const minified = chunks.map(
    ({code}) => minifySync('chunk.js', code, {module: true, compress: true, mangle: {toplevel: true}}).code,
  );
  const bytes = (all: readonly number[]) => all.reduce((sum, size) => sum + size, 0);
  return {
    min: bytes(minified.map((code) => Buffer.byteLength(code))),
    gzip: bytes(minified.map((code) => gzipSync(code, {level: 9}).length)),
  };
}
