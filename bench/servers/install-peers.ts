/** Installs the dependencies that only the benchmarks need, at the first run. */
import {spawnSync} from 'node:child_process';
import {existsSync} from 'node:fs';
import path from 'node:path';

const BENCH = path.join(import.meta.dirname, '..');

/** Path of the installed Bun; `undefined` if there is no build for this machine. */
export function bunProgram(): string | undefined {
  const arch = process.arch === 'arm64' ? 'aarch64' : process.arch;
  const program = path.join(BENCH, `node_modules/@oven/bun-${process.platform}-${arch}/bin/bun`);
  return existsSync(program) ? program : undefined;
}

/** @throws when npm fails */
export function installPeers(progress: (line: string) => void): void {
  if (existsSync(path.join(BENCH, 'node_modules/socket.io/package.json'))) return;
  progress('installing the peers of bench/package.json (first run only)');
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  const {status, stderr} = spawnSync(
    npm,
    ['ci', '--prefix', BENCH, '--workspaces=false', '--ignore-scripts', '--no-audit', '--no-fund'],
    {encoding: 'utf8'},
  );
  if (status !== 0) throw new Error(`could not install the peers of bench/package.json: ${stderr}`);
}
