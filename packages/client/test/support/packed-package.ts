/** The package as it would be published, built and packed beside the working tree, in a project of somebody else's. */
import {execFileSync} from 'node:child_process';
import {cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const client = path.join(import.meta.dirname, '../..');

export interface PackedProject {
  /** A folder with the package in its `node_modules`. */
  readonly folder: string;
  /** Where the package is. */
  readonly target: string;
  /** What was packed, by path in the package. */
  readonly files: readonly string[];
  readonly remove: () => void;
}

/** Builds into a folder of its own, so that tests in parallel do not take each other's `dist` away. */
export function packIntoProject(): PackedProject {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'hookswitch-project-'));
  const source = path.join(folder, 'source');
  mkdirSync(source);
  execFileSync(process.execPath, ['scripts/build.ts', path.join(source, 'dist')], {
    cwd: client,
    stdio: 'inherit',
  });
  for (const name of ['package.json', 'README.md', 'LICENSE'])
    cpSync(path.join(client, name), path.join(source, name));
  const answer = execFileSync('npm', ['pack', '--json', '--pack-destination', folder], {
    cwd: source,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const report: unknown = JSON.parse(answer);
  const [{filename, files}] = (Array.isArray(report) ? report : Object.values(Object(report))) as [
    {filename: string; files: {path: string}[]},
  ];
  const target = path.join(folder, 'node_modules/@hookswitch/client');
  mkdirSync(target, {recursive: true});
  execFileSync('tar', ['-xzf', path.join(folder, filename), '--strip-components=1', '-C', target]);
  writeFileSync(path.join(folder, 'package.json'), '{"type": "module", "private": true}');
  const remove = () => rmSync(folder, {recursive: true, force: true});
  return {folder, target, files: files.map((file) => file.path), remove};
}
