/** Finds and starts a real headless Chromium. */
import {accessSync, constants} from 'node:fs';
import path from 'node:path';
import {type Browser, chromium} from 'playwright-core';

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

/** Path of a Chromium or Chrome. `CHROMIUM_PATH` has priority. @throws if there is none */
export function findChromium(): string {
  const {CHROMIUM_PATH: given, PATH = ''} = process.env;
  const fromPath = PATH.split(path.delimiter).flatMap((folder) =>
    NAMES.map((name) => path.join(folder, name)),
  );
  const candidates = given === undefined ? [...fromPath, ...PLACES] : [given];
  const found = candidates.find(isExecutable);
  if (found !== undefined) return found;
  throw new Error(
    given === undefined
      ? 'The browser tests need Chromium or Chrome, and none was found. Install it (Debian: apt install chromium) ' +
          'or set CHROMIUM_PATH to its path.'
      : `CHROMIUM_PATH is ${given}, but there is no executable file.`,
  );
}

/** Starts a browser with a temporary profile. */
export function launchChromium({args = []}: {readonly args?: readonly string[]} = {}): Promise<Browser> {
  // As root (in containers), Chromium runs only without its sandbox. It opens only our own pages.
  return chromium.launch({
    executablePath: findChromium(),
    headless: true,
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
