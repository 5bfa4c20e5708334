/** The path in a `file:` URL. */
import {homedir} from 'node:os';
import {fileURLToPath} from 'node:url';

/**
 * The path in a `file:` URL: `file:./data/hookswitch.db` (relative to the working directory), `file:~/h.db`,
 * `file:/var/lib/h.db` or `file:///var/lib/h.db`.
 * @throws Error — the URL names no file
 */
export function databaseFile(databaseUrl: string): string {
  if (!databaseUrl.startsWith('file:')) {
    const scheme = /^[a-z][a-z0-9+.-]*:/i.exec(databaseUrl)?.[0] ?? 'a URL without a scheme';
    throw new Error(
      `DATABASE_URL: ${scheme} is not supported; use file:<path>, as in file:./data/hookswitch.db, or postgres://`,
    );
  }
  const fault = fileUrlFault(databaseUrl);
  if (fault !== undefined)
    throw new Error(`DATABASE_URL ${fault}; write file:<path>, as in file:./data/hookswitch.db`);
  return pathOf(databaseUrl) ?? '';
}

/** The fault of a `file:` URL, worded to follow the variable's name; `undefined` without a fault. */
export function fileUrlFault(databaseUrl: string): string | undefined {
  const path = pathOf(databaseUrl);
  if (path === undefined)
    return 'is no file: URL with an absolute path (after file:// come three slashes in all)';
  if (path === '' || /(?:^|[/\\])\.{0,2}$/.test(path) || path.includes('\0')) return 'names no file';
  if (/^['"“‘]|['"”’]$/.test(path)) return 'has quotes around its path';
  // Only a shell replaces these, and a folder of that name would be made.
  if (/(?:^|[/\\])~/.test(path)) return 'has a ~ that is not at the beginning, or is followed by a name';
  if (/\$\{|\$\(|(?:^|[/\\])(?:\$\w|%\w+%)/.test(path))
    return 'has a variable in its path that nobody replaces';
  return undefined;
}

/** `undefined`: it names another machine, or is not well-formed. */
function pathOf(databaseUrl: string): string | undefined {
  if (!databaseUrl.startsWith('file://')) {
    return databaseUrl.slice('file:'.length).replace(/^~(?=[/\\])/, homedir());
  }
  try {
    return fileURLToPath(databaseUrl);
  } catch {
    return undefined;
  }
}
