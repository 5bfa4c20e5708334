/** Measures what the browser loads from the built console. */
import {readFileSync} from 'node:fs';
import path from 'node:path';
import {gzipSync} from 'node:zlib';

export const DIST = path.join(import.meta.dirname, '../dist');

/** The fields of Vite's manifest that are used here. */
interface Chunk {
  readonly file: string;
  readonly src?: string;
  readonly name?: string;
  readonly isEntry?: boolean;
  /** Other chunks, by their key in the manifest. */
  readonly imports?: readonly string[];
  readonly dynamicImports?: readonly string[];
  readonly css?: readonly string[];
}

export interface Measured {
  readonly name: string;
  readonly files: readonly string[];
  /** Bytes, with each file compressed on its own. */
  readonly gzip: number;
}

export interface BundleSizes {
  /** The page with the scripts and styles that it needs before it can render. */
  readonly first: Measured;
  /** Chunks loaded later, without the files of the first load. */
  readonly lazy: readonly Measured[];
}

/** @throws when the console is not built */
export function measureBundle(dist = DIST): BundleSizes {
  const manifest: Record<string, Chunk> = JSON.parse(
    readFileSync(path.join(dist, '.vite/manifest.json'), 'utf8'),
  );
  const chunks = new Map(Object.entries(manifest));
  const entry = [...chunks].find(([, chunk]) => chunk.isEntry === true)?.[0];
  if (entry === undefined) throw new Error('the manifest names no entry');
  const first = new Set(['index.html', ...filesOf(entry, chunks)]);
  const lazyKeys = new Set([...chunks.values()].flatMap((chunk) => chunk.dynamicImports ?? []));
  const measure = (name: string, files: readonly string[]): Measured => ({
    name,
    files,
    gzip: files.reduce(
      (sum, file) => sum + gzipSync(readFileSync(path.join(dist, file)), {level: 9}).length,
      0,
    ),
  });
  return {
    first: measure('first load', [...first]),
    lazy: [...lazyKeys].map((key) =>
      measure(
        nameOf(key),
        filesOf(key, chunks).filter((file) => !first.has(file)),
      ),
    ),
  };
}

/** The chunk's own files, and those of its imports. */
function filesOf(key: string, chunks: ReadonlyMap<string, Chunk>, seen = new Set<string>()): string[] {
  const chunk = chunks.get(key);
  if (chunk === undefined || seen.has(key)) return [];
  seen.add(key);
  const imported = (chunk.imports ?? []).flatMap((other) => filesOf(other, chunks, seen));
  return [...new Set([chunk.file, ...(chunk.css ?? []), ...imported])];
}

/** `src/screens/live/index.tsx` → `screens/live`. */
function nameOf(key: string): string {
  return key.replace(/^src\//, '').replace(/(?:\/index)?\.tsx?$/, '');
}
