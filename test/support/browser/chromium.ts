/** A real Chromium, headless, found where systems keep it. */
import {accessSync, constants} from 'node:fs';
import path from 'node:path';
import {type Browser, chromium} from 'playwright-core';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome', 'chrome'];

/** Where installers put it without touching PATH. */
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

/** Path of a Chromium or Chrome. `CHROMIUM_PATH` goes before all others. @throws when there is none */
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
      ? 'The browser tests need Chromium or Chrome and found none: install one (on Debian: apt install chromium), ' +
          'or set CHROMIUM_PATH to where it is.'
      : `CHROMIUM_PATH is ${given}, and there is no program there.`,
  );
}

/** Starts a browser with a profile of its own, which goes when it is closed. */
export function launchChromium({args = []}: {readonly args?: readonly string[]} = {}): Promise<Browser> {
  // As root, as in a container, Chromium runs only without its sandbox; it is shown nothing but our own page.
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
