/**
 * Checks every import in `src` against the table of layers in ARCHITECTURE.md. Imports are compared by
 * resolved path.
 */
import assert from 'node:assert/strict';
import {existsSync, globSync, readFileSync} from 'node:fs';
import path from 'node:path';
import {test} from 'node:test';

const root = path.join(import.meta.dirname, '../../..');

interface Layer {
  readonly folder: string;
  /** Folders and packages, or `everything`. */
  readonly imports: readonly string[] | 'everything';
}

/** Node modules that a layer may import only if its row lists them. */
const GUARDED = ['node:http', 'node:net', 'node:sqlite', 'node:worker_threads'];
/** Importable everywhere in `src`. */
const COMMON = ['packages/protocol', 'src/errors', 'pino', 'zod'];
/** Small root files without dependencies: the clock, and the masking of secrets. */
const COMMON_FILES = ['src/clock.ts', 'src/mask.ts'];

function readLayers(): readonly Layer[] {
  const text = readFileSync(path.join(root, 'docs/explanation/architecture.md'), 'utf8');
  const table = text.slice(text.indexOf('| folder '), text.indexOf('\n\n', text.indexOf('| folder ')));
  return table
    .split('\n')
    .slice(2)
    .map((line) => {
      const [, folder = '', , imports = ''] = line.split('|').map((cell) => cell.trim());
      const names = [...imports.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name);
      return {folder: folder.replaceAll('`', ''), imports: imports === 'everything' ? imports : names};
    });
}

const layers = readLayers();
const byLength = layers.toSorted((a, b) => b.folder.length - a.folder.length);

/** The layer of a file: the longest folder in the table that contains it. */
function layerOf(file: string): string {
  if (/^src\/[^/]+\.ts$/.test(file)) return COMMON_FILES.includes(file) ? 'common' : 'src/*.ts';
  return byLength.find(({folder}) => file.startsWith(`${folder}/`))?.folder ?? `no layer: ${file}`;
}

/** A module under the name that the table uses: a layer, a package, or a Node module. */
function targetOf(file: string, specifier: string): string {
  if (specifier.startsWith('.')) return layerOf(path.join(path.dirname(file), specifier));
  const own = /^@hookswitch\/([^/]+)/.exec(specifier);
  if (own !== null) return `packages/${own[1]}`;
  return specifier;
}

function importsOf(file: string): readonly string[] {
  const text = readFileSync(path.join(root, file), 'utf8');
  const specifiers = [...text.matchAll(/(?:^|\n)(?:import|export)[^;'"]*? from '([^']+)'/g)];
  const loaded = [...text.matchAll(/import\('([^']+)'\)/g)];
  return [...specifiers, ...loaded].map(([, specifier = '']) => specifier);
}

function mayImport({folder, imports}: Layer, target: string): boolean {
  if (imports === 'everything' || target === folder || target === 'common') return true;
  if (target.startsWith('node:') && !GUARDED.includes(target)) return true;
  return imports.includes(target) || (folder.startsWith('src/') && COMMON.includes(target));
}

test('each folder in the table exists, and each folder with sources is in the table', () => {
  for (const {folder} of layers) {
    if (folder !== 'src/*.ts') assert.ok(existsSync(path.join(root, folder)), folder);
  }
  for (const file of globSync('src/**/*.ts', {cwd: root})) assert.doesNotMatch(layerOf(file), /^no layer/);
});

for (const layer of layers.filter(({folder}) => folder.startsWith('src/'))) {
  const pattern = layer.folder === 'src/*.ts' ? layer.folder : `${layer.folder}/**/*.ts`;
  const files = globSync(pattern, {cwd: root}).filter((file) =>
    [layer.folder, 'common'].includes(layerOf(file)),
  );

  test(`${layer.folder} imports what its row allows`, () => {
    assert.ok(files.length > 0);
    const targets = new Set<string>();
    for (const file of files) {
      for (const specifier of importsOf(file)) {
        const target = targetOf(file, specifier);
        targets.add(target);
        assert.ok(mayImport(layer, target), `${file} imports ${specifier}`);
      }
    }
    if (layer.imports === 'everything') return;
    for (const name of layer.imports)
      assert.ok(targets.has(name), `nothing there imports ${name} any longer`);
  });
}

test('no two files import each other', () => {
  const graph = new Map(
    globSync('src/**/*.ts', {cwd: root}).map((file) => [
      file,
      importsOf(file)
        .filter((specifier) => specifier.startsWith('.'))
        .map((specifier) => path.join(path.dirname(file), specifier)),
    ]),
  );
  assert.ok(graph.size > 100);
  for (const [file, imports] of graph) {
    for (const other of imports) {
      assert.ok(graph.get(other)?.includes(file) !== true, `${file} and ${other}`);
    }
  }
});

test('services and handlers use the injected clock, never the system clock', () => {
  for (const file of globSync('src/{services,handlers}/**/*.ts', {cwd: root})) {
    const text = readFileSync(path.join(root, file), 'utf8');
    assert.doesNotMatch(text, /Date\.now\(|new Date\(\)|performance\.now\(|setTimeout\(|setInterval\(/, file);
  }
});
