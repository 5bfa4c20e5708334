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

/** What the entries share and a page has from the start: all but what is loaded by `import()`, and React's part. */
const CORE =
  /packages\/client\/src\/(?!(?:acts|connection|event-stream|feed|join-signals|later|machine|page-environment|requests|resume-storage|token-renewal)\.ts)[\w-]+\.ts$/;

/**
 * Syntax for the oldest browsers of README.md: Chrome and Edge 92, Firefox 91, Safari 16. Chrome is not named, because old versions had
 * faults with private methods that this code does not meet, and rewriting them would cost half a kilobyte; a test runs in Chromium 92.
 * Newer APIs fail to compile: `lib` in tsconfig.build.json.
 */
const TARGET = ['es2022', 'firefox91', 'safari16'];

/** The parts of the SDK: what importing it adds to a page, what it loads to connect, and what it loads once live. */
export const parts = ['core', 'feed', 'later'] as const;
export type Part = (typeof parts)[number];

/** Bytes min+gzip that each may have: nothing moves to another part only to be out of sight. */
export const maxBytes: Readonly<Record<Part, number>> = {core: 5120, feed: 4352, later: 2688};

/** Bundles the entries there are, and writes them to `outDir` where there is one. */
export async function bundle(names: readonly string[], {outDir}: {readonly outDir?: string} = {}) {
  const write = outDir !== undefined;
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
      outDir,
      emptyOutDir: write,
      minify: false,
      sourcemap: write,
      target: [...TARGET],
      lib: {entry, formats: ['es'], fileName: (_format, name) => `${name}.js`},
      rolldownOptions: {
        external: /^react(-dom)?(\/|$)/,
        // What the entries share is one file, not one for every set of entries that shares something.
        output: {
          codeSplitting: {groups: [{name: 'core', test: CORE}]},
          // React Server Components: hooks belong to the client.
          banner: ({name}) => (name === 'react' ? '"use client";' : ''),
        },
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

/** What each part weighs, as a page that uses all of it would load it. */
export async function measure(): Promise<Readonly<Record<Part, Weight>>> {
  const chunks = (await bundle(['index'])).filter((file) => file.type === 'chunk');
  const holding = (name: string) =>
    chunks.filter(({moduleIds}) => moduleIds.some((id) => id.endsWith(`/src/${name}.ts`)));
  const feed = holding('feed');
  const later = holding('later');
  const core = chunks.filter((chunk) => !feed.includes(chunk) && !later.includes(chunk));
  return {core: weight(core), feed: weight(feed), later: weight(later)};
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
