/** Fetches the browser before the first test file that needs one starts, so that parallel files find it. */
import {existsSync, readFileSync} from 'node:fs';
import path from 'node:path';
import {ensureChromium} from '../test/support/browser/chromium.ts';

const LAUNCHER = path.join(import.meta.dirname, '../test/support/browser/chromium.ts');

/** Relative imports, static and dynamic. */
const IMPORT = /(?:from|import)\s*\(?\s*'(\.{1,2}\/[^']+)'/g;

/** @throws when a file needs a browser and there is no way to get one */
export async function prepareBrowser(files: readonly string[]): Promise<void> {
  const seen = new Set<string>();
  if (files.some((file) => needsBrowser(path.resolve(file), seen)))
    await ensureChromium((line) => process.stdout.write(`${line}\n`));
}

/** Whether the file or anything that it imports launches a browser. `seen` holds files that do not. */
export function needsBrowser(file: string, seen = new Set<string>()): boolean {
  if (file === LAUNCHER) return true;
  if (seen.has(file) || !existsSync(file)) return false;
  seen.add(file);
  const imports = readFileSync(file, 'utf8').matchAll(IMPORT);
  return [...imports].some(([, name = '']) => needsBrowser(path.resolve(path.dirname(file), name), seen));
}
