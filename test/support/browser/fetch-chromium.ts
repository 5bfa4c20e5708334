/** A Chromium from the npm registry, with the libraries and fonts that a bare Linux lacks. */
import {execFile} from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import {promisify} from 'node:util';

const run = promisify(execFile);

const CACHE = path.join(import.meta.dirname, '../../../node_modules/.cache/chromium');
const FETCH_TIMEOUT_MS = 10 * 60_000;

/** The parts of the package that the tests use. The rest is for graphics and for AWS Lambda. */
const ARCHIVES = ['chromium.br', 'al2023.tar.br', 'fonts.tar.br'];

/** The package unpacks into the temporary folder of its process. */
const UNPACK = `
import {inflate} from '@sparticuz/chromium';
const archives = ${JSON.stringify(ARCHIVES)};
await Promise.all(archives.map((name) => inflate('node_modules/@sparticuz/chromium/bin/' + name)));
`;

export interface ChromiumProgram {
  readonly executablePath: string;
  /** Variables that the program needs beside those of this process. */
  readonly env: Readonly<Record<string, string>>;
}

/** Why npm has no Chromium for this machine; `undefined` where it has one. */
export function fetchUnavailable(platform = process.platform, arch = process.arch): string | undefined {
  return platform === 'linux' && arch === 'x64' ? undefined : `npm has no Chromium for ${platform}-${arch}`;
}

/** The folder of the fetched Chromium, whether or not it is there yet. */
function chromiumFolder(): string {
  const manifest = readFileSync(path.join(import.meta.dirname, 'package.json'), 'utf8');
  const {dependencies} = JSON.parse(manifest) as {dependencies: Record<string, string>};
  return path.join(CACHE, dependencies['@sparticuz/chromium'] ?? '');
}

/**
 * Fetches Chromium once, whole or not at all.
 * @throws when npm fails
 */
export async function fetchChromium(progress: (line: string) => void): Promise<ChromiumProgram> {
  const folder = chromiumFolder();
  await createFolderOnce(folder, async (scratch) => {
    progress('No Chromium or Chrome found: fetching one from npm, once (70 MB)');
    await unpack(scratch, folder);
    progress(`Chromium is in ${path.relative('', folder)}`);
  });
  return {
    executablePath: path.join(folder, 'chromium'),
    env: {LD_LIBRARY_PATH: path.join(folder, 'al2023/lib'), FONTCONFIG_PATH: path.join(folder, 'fonts')},
  };
}

/**
 * Fills a folder that does not exist yet. Several processes may do so at the same time: each fills a folder of its
 * own, the first to finish renames its folder, and the others use that one.
 */
export async function createFolderOnce(
  folder: string,
  fill: (scratch: string) => Promise<void>,
): Promise<void> {
  if (existsSync(folder)) return;
  const parent = path.dirname(folder);
  mkdirSync(parent, {recursive: true});
  const scratch = mkdtempSync(path.join(parent, 'new-'));
  try {
    await fill(scratch);
    renameSync(scratch, folder);
  } catch (error) {
    if (!existsSync(folder)) throw error;
  } finally {
    rmSync(scratch, {recursive: true, force: true});
  }
}

/** Leaves in `scratch` what will be used in `folder`. */
async function unpack(scratch: string, folder: string): Promise<void> {
  for (const name of ['package.json', 'package-lock.json'])
    copyFileSync(path.join(import.meta.dirname, name), path.join(scratch, name));
  const options = {cwd: scratch, env: {...process.env, TMPDIR: scratch}, timeout: FETCH_TIMEOUT_MS};
  const flags = ['--workspaces=false', '--ignore-scripts', '--no-audit', '--no-fund'];
  try {
    await run('npm', ['ci', '--prefix', scratch, ...flags], options);
    await run(process.execPath, ['--input-type=module', '--eval', UNPACK], options);
  } catch (error) {
    const {stderr, message} = error as Error & {readonly stderr?: string};
    throw new Error(
      'Chromium could not be fetched from npm. Install Chromium or Chrome (on Debian: apt install chromium), ' +
        `or set CHROMIUM_PATH to where it is. ${stderr === undefined || stderr === '' ? message : stderr.trim()}`,
      {cause: error},
    );
  }
  rmSync(path.join(scratch, 'node_modules'), {recursive: true});
  writeFileSync(path.join(scratch, 'fonts/fonts.conf'), fontSettings(path.join(folder, 'fonts')));
}

/** The package's own settings name folders of AWS Lambda and a shared `/tmp/fonts`. */
function fontSettings(folder: string): string {
  return `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>${folder}</dir>
  <cachedir>${path.join(folder, 'cache')}</cachedir>
</fontconfig>
`;
}
