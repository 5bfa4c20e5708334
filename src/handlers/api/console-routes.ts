/** The console: the page at `/` and at every address that one of its links leads to, and what the page loads. */
import {access, readFile} from 'node:fs/promises';
import path from 'node:path';
import {type NextFunction, type Request, type Response, Router} from 'express';
import {exactPaths, only} from './paths.ts';

export interface ConsoleRoutesOptions {
  /** Path of PUBLIC_URL; empty when it has none. */
  readonly basePath: string;
  /** What `npm run build` has made. @default the console's own */
  readonly consoleFolder?: string;
}

const CONSOLE_FOLDER = path.join(import.meta.dirname, '../../../packages/console/dist');

/** Where the console has a screen. The page itself decides what it shows; all others are 404. */
const SCREENS = ['/', '/calls/:callSid', '/history', '/webhooks', '/connections', '/health'] as const;

/** Their names hold a hash of what is in them: such a file never changes. */
const ASSETS_MAX_AGE_S = 31_536_000;

/** Best first; the build has put a compressed file beside each. */
const ENCODINGS = [
  {name: 'br', suffix: '.br'},
  {name: 'gzip', suffix: '.gz'},
] as const;

/** Below these no person looks for a page: what is wrong there is said to programs. */
const FOR_PROGRAMS = /^\/(?:api|twilio|assets)(?:\/|$)/;

const NOT_BUILT =
  'The console is not built.\n\nRun `npm run build`, then reload this page. Everything else works: the API is under /api.\n';

export function createConsoleRoutes({
  basePath,
  consoleFolder = CONSOLE_FOLDER,
}: ConsoleRoutesOptions): Router {
  const router = Router(exactPaths);

  router.get([...SCREENS], async (_request, response) => {
    const page = await readPage(consoleFolder);
    // The page names its assets: kept, it would ask for those of a version that has gone.
    response.set('Cache-Control', 'no-cache');
    if (page === undefined) response.status(503).type('text/plain').send(NOT_BUILT);
    else response.type('html').send(withBase(page, basePath));
  });
  router.all([...SCREENS], only('GET'));

  router.get('/icon.svg', (_request, response, next) => {
    response.sendFile('icon.svg', {root: consoleFolder}, whenMissing(response, next));
  });

  router.get('/assets/:file', async (request, response, next) => {
    const {file} = request.params;
    const folder = path.join(consoleFolder, 'assets');
    if (file.startsWith('.') || !(await exists(path.join(folder, path.basename(file))))) {
      next('router');
      return;
    }
    const encoding = await chooseEncoding(request, path.join(folder, file));
    response.type(path.extname(file)).vary('Accept-Encoding');
    if (encoding !== undefined) response.set('Content-Encoding', encoding.name);
    response.sendFile(
      file + (encoding?.suffix ?? ''),
      {root: folder, immutable: true, maxAge: ASSETS_MAX_AGE_S * 1000},
      whenMissing(response, next),
    );
  });
  router.all(['/icon.svg', '/assets/:file'], only('GET'));

  // Somebody at a browser is told by the page, with the way back; everything else by a problem (H6).
  router.get('/{*path}', async (request, response, next) => {
    response.vary('Accept');
    const isPerson = request.accepts(['json', 'html']) === 'html' && !FOR_PROGRAMS.test(request.path);
    const page = isPerson ? await readPage(consoleFolder) : undefined;
    if (page === undefined) next();
    else response.status(404).set('Cache-Control', 'no-cache').type('html').send(withBase(page, basePath));
  });
  return router;
}

/** Read every time: it is small, and `npm run build` may come while the gateway runs. */
async function readPage(folder: string): Promise<string | undefined> {
  return readFile(path.join(folder, 'index.html'), 'utf8').catch(() => undefined);
}

/** What the page is relative to, whichever address it was asked for at. */
function withBase(page: string, basePath: string): string {
  const href = `${basePath}/`.replaceAll('&', '&amp;').replaceAll('"', '&quot;');
  // As a function: `$&` in a path means nothing.
  return page.replace('<base href="/">', () => `<base href="${href}">`);
}

async function chooseEncoding(request: Request, file: string) {
  for (const encoding of ENCODINGS) {
    const accepted = request.acceptsEncodings(encoding.name) !== false;
    if (accepted && (await exists(file + encoding.suffix))) return encoding;
  }
  return undefined;
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}

/** A file that is not there is no such resource; a browser that went away is nobody's error. */
function whenMissing(response: Response, next: NextFunction): (error?: Error) => void {
  return (error) => {
    if (error === undefined || response.headersSent) return;
    response.removeHeader('Content-Encoding');
    response.removeHeader('Cache-Control');
    // Past the answer about methods: this one was right.
    next('router');
  };
}
