/** Reads the path from a `file:` URL. */
import {homedir} from 'node:os';
import {fileURLToPath} from 'node:url';

/**
 * Returns the path of a `file:` URL: `file:./data/hookswitch.db` (relative to the working directory),
 * `file:~/h.db`, `file:/var/lib/h.db` or `file:///var/lib/h.db`.
 * @throws Error if the URL names no file
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

/** Returns the fault of a `file:` URL, worded to follow the variable's name; `undefined` without a fault. */
export function fileUrlFault(databaseUrl: string): string | undefined {
  const path = pathOf(databaseUrl);
  if (path === undefined)
    return 'is not a file: URL with an absolute path (write file:///path, with three slashes)';
  if (path === '' || /(?:^|[/\\])\.{0,2}$/.test(path) || path.includes('\0')) return 'names no file';
  if (/^['"“‘]|['"”’]$/.test(path)) return 'has quotes around its path';
  // Only a shell expands these. Here, a folder with that name would be created.
  if (/(?:^|[/\\])~/.test(path)) return 'has a ~ that is not at the beginning, or is followed by a name';
  if (/\$\{|\$\(|(?:^|[/\\])(?:\$\w|%\w+%)/.test(path))
    return 'has a variable in its path, and nothing expands it';
  return undefined;
}

/** Returns `undefined` if the URL names another machine or is malformed. */
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
