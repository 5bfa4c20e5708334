/** The console: the page at `/` and at every path its links use, and the files that the page loads. */
import {access, readFile} from 'node:fs/promises';
import path from 'node:path';
import {type NextFunction, type Request, type Response, Router} from 'express';
import {exactPaths, only} from './paths.ts';

export interface ConsoleRoutesOptions {
  /** Path of PUBLIC_URL; empty when it has none. */
  readonly basePath: string;
  /** The output of `npm run build`. @default the console's own */
  readonly consoleFolder?: string;
}

const CONSOLE_FOLDER = path.join(import.meta.dirname, '../../../packages/console/dist');

/** Paths of the console's screens. The page itself decides what to show. All other paths return 404. */
const SCREENS = ['/', '/calls/:callSid', '/history', '/webhooks', '/connections', '/health'] as const;

/** Asset names contain a hash of the content, so an asset never changes. */
const ASSETS_MAX_AGE_S = 31_536_000;

/** Best first. The build writes a compressed file beside each asset. */
const ENCODINGS = [
  {name: 'br', suffix: '.br'},
  {name: 'gzip', suffix: '.gz'},
] as const;

/** No person opens these paths in a browser, so their errors are for programs. */
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
    // The page names its assets. A cached page would request assets of an older version.
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

  // A browser gets the page, with a link back. Every other client gets a problem document (H6).
  router.get('/{*path}', async (request, response, next) => {
    response.vary('Accept');
    const isPerson = request.accepts(['json', 'html']) === 'html' && !FOR_PROGRAMS.test(request.path);
    const page = isPerson ? await readPage(consoleFolder) : undefined;
    if (page === undefined) next();
    else response.status(404).set('Cache-Control', 'no-cache').type('html').send(withBase(page, basePath));
  });
  return router;
}

/** Reads the page every time, because it is small and `npm run build` can run while the gateway runs. */
async function readPage(folder: string): Promise<string | undefined> {
  return readFile(path.join(folder, 'index.html'), 'utf8').catch(() => undefined);
}

/** Sets the base of the page's relative URLs, which is the same for every screen. */
function withBase(page: string, basePath: string): string {
  const href = `${basePath}/`.replaceAll('&', '&amp;').replaceAll('"', '&quot;');
  // A replacement function, because `$&` in a replacement string has a special meaning.
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

/** A missing file is a 404. A browser that disconnected is not an error. */
function whenMissing(response: Response, next: NextFunction): (error?: Error) => void {
  return (error) => {
    if (error === undefined || response.headersSent) return;
    response.removeHeader('Content-Encoding');
    response.removeHeader('Cache-Control');
    // Skips the answer about methods, because the method was right.
    next('router');
  };
}
