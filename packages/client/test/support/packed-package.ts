/** Builds and packs the package as for publishing, and installs it in a user's project. */
import {execFileSync} from 'node:child_process';
import {cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const client = path.join(import.meta.dirname, '../..');

export interface PackedProject {
  /** A folder with the package in its `node_modules`. */
  readonly folder: string;
  /** The folder of the installed package. */
  readonly target: string;
  /** The files in the package. */
  readonly files: readonly string[];
  readonly remove: () => void;
}

/** Builds into a separate folder, so that parallel tests do not delete each other's `dist`. */
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
