/** Bundles the SDK as it is published: one ES module per entry, with React as an external dependency. */
import {existsSync} from 'node:fs';
import path from 'node:path';
import {gzipSync} from 'node:zlib';
import {build, minifySync, type Rolldown} from 'vite';

const folder = path.join(import.meta.dirname, '..');

/** The entries that `package.json` exports, by name. */
export const entries: Readonly<Record<string, string>> = {
  index: path.join(folder, 'src/index.ts'),
  react: path.join(folder, 'src/react/index.ts'),
};

/** The modules shared by the entries and loaded with them: all except dynamically imported ones and React hooks. */
const CORE =
  /packages\/client\/src\/(?!(?:call-actions|connection|connection-options|event-stream|feed|join-signals|lazy-part|link|liveness|machine|page-environment|requests|resume-storage|server-messages|token-renewal)\.ts)[\w-]+\.ts$/;

/**
 * The syntax of the oldest supported browsers (README.md): Chrome and Edge 92, Firefox 91, Safari 16. Chrome is not
 * listed, because the workaround for its old bugs with private methods would add half a kilobyte. This code is not
 * affected by them, and a test runs it in Chromium 92. Newer APIs fail to compile: see `lib` in tsconfig.build.json.
 */
const TARGET = ['es2022', 'firefox91', 'safari16'];

/** The parts of the SDK: loaded by the import, to connect, and once the connection is live. */
export const parts = ['core', 'feed', 'lazy'] as const;
export type Part = (typeof parts)[number];

/** The maximum size of each part in bytes (min+gzip), so that code cannot grow unnoticed by moving to another part. */
export const maxBytes: Readonly<Record<Part, number>> = {core: 5120, feed: 4352, lazy: 2688};

/** Bundles the entries and writes them to `outDir`, if given. */
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
        // Shared modules go into one chunk, instead of one chunk per combination of entries.
        output: {
          codeSplitting: {groups: [{name: 'core', test: CORE}]},
          // React Server Components need this directive, because hooks run in the browser.
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

/** Measures the parts as a page that uses all of them would load them. */
export async function measure(): Promise<Readonly<Record<Part, Weight>>> {
  const chunks = (await bundle(['index'])).filter((file) => file.type === 'chunk');
  const holding = (name: string) =>
    chunks.filter(({moduleIds}) => moduleIds.some((id) => id.endsWith(`/src/${name}.ts`)));
  const feed = holding('feed');
  const lazy = holding('lazy-part');
  const core = chunks.filter((chunk) => !feed.includes(chunk) && !lazy.includes(chunk));
  return {core: weight(core), feed: weight(feed), lazy: weight(lazy)};
}

function weight(chunks: readonly {readonly code: string}[]): Weight {
  // A library build keeps its white space. The application's bundler removes it, so measure without it.
  const minified = chunks.map(
    ({code}) => minifySync('chunk.js', code, {module: true, compress: true, mangle: {toplevel: true}}).code,
  );
  const bytes = (all: readonly number[]) => all.reduce((sum, size) => sum + size, 0);
  return {
    min: bytes(minified.map((code) => Buffer.byteLength(code))),
    gzip: bytes(minified.map((code) => gzipSync(code, {level: 9}).length)),
  };
}
