/** JSON as a token may hold it: one reading only, so that no two programs can take it for different things. */

/** Names and structure; in JSON that parses, whatever stands before a colon is a name. */
const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\]:]/g;

/**
 * The object that `bytes` hold; `undefined` for bytes that are not UTF-8, not JSON, no object, or an object in which,
 * at any depth, a name stands twice: parsers differ in which of the two they take.
 */
export function parseStrictObject(bytes: Uint8Array): Readonly<Record<string, unknown>> | undefined {
  try {
    // A byte order mark stays, and is then no JSON.
    const text = new TextDecoder('utf-8', {fatal: true, ignoreBOM: true}).decode(bytes);
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
    return repeatsName(text) ? undefined : {...value};
  } catch {
    return undefined;
  }
}

/** @param json text that parses */
function repeatsName(json: string): boolean {
  const open: Set<unknown>[] = [];
  let before = '';
  for (const [token] of json.matchAll(TOKEN)) {
    if (token === '{' || token === '[') open.push(new Set());
    else if (token === '}' || token === ']') open.pop();
    else if (token === ':') {
      // The same name may be written with and without escapes.
      const name: unknown = JSON.parse(before);
      const names = open.at(-1);
      if (names?.has(name)) return true;
      names?.add(name);
    }
    before = token;
  }
  return false;
}
