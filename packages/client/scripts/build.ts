/**
 * Builds `dist`, or the folder in the first argument: ES modules with Vite, declarations with tsc. The protocol's types
 * are copied into the package, because the protocol is not published. Nothing in `dist` refers to the protocol
 * package, to zod or to `.ts` files.
 */
import {execFileSync} from 'node:child_process';
import {cpSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {bundle, entries} from './bundle.ts';

const folder = path.join(import.meta.dirname, '..');
const dist = path.resolve(process.argv[2] ?? path.join(folder, 'dist'));

/** Rewrites import specifiers so that they resolve in the package: relative, with the extension `.js`. */
function relocate(text: string, file: string): string {
  const up = path.relative(path.dirname(file), dist) || '.';
  return text
    .replaceAll(
      /(['"])@hookswitch\/protocol\1/g,
      `'${up.startsWith('.') ? up : `./${up}`}/protocol/index.js'`,
    )
    .replaceAll(/(from |import\()(['"])(\.[^'"]*)\.tsx?\2/g, "$1'$3.js'");
}

function declare(): void {
  const emitted = mkdtempSync(path.join(os.tmpdir(), 'hookswitch-types-'));
  const tsc = path.join(folder, '../../node_modules/.bin/tsc');
  try {
    execFileSync(tsc, ['-p', 'tsconfig.build.json', '--outDir', emitted], {cwd: folder, stdio: 'inherit'});
    cpSync(path.join(emitted, 'client/src'), dist, {recursive: true});
    cpSync(path.join(emitted, 'protocol/src'), path.join(dist, 'protocol'), {recursive: true});
  } finally {
    rmSync(emitted, {recursive: true, force: true});
  }
  // `package.json` refers to this name.
  writeFileSync(path.join(dist, 'react.d.ts'), "export * from './react/index.js';\n");
  for (const name of globSync('**/*.d.ts', {cwd: dist})) {
    const file = path.join(dist, name);
    writeFileSync(file, relocate(readFileSync(file, 'utf8'), file));
  }
}

await bundle(Object.keys(entries), {outDir: dist});
declare();
