/** Strict JSON for tokens: accepts only text that all parsers read in the same way. */

/** Strings and structure. In valid JSON, every string before a colon is a name. */
const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\]:]/g;

/**
 * The object in `bytes`; `undefined` if they are not UTF-8, not JSON or not an object, or if a name is
 * repeated at any depth, because parsers differ in which value they use.
 */
export function parseStrictObject(bytes: Uint8Array): Readonly<Record<string, unknown>> | undefined {
  try {
    // Keeps a byte order mark, which makes the JSON invalid.
    const text = new TextDecoder('utf-8', {fatal: true, ignoreBOM: true}).decode(bytes);
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
    return repeatsName(text) ? undefined : {...value};
  } catch {
    return undefined;
  }
}

/** @param json valid JSON */
function repeatsName(json: string): boolean {
  const open: Set<unknown>[] = [];
  let before = '';
  for (const [token] of json.matchAll(TOKEN)) {
    if (token === '{' || token === '[') open.push(new Set());
    else if (token === '}' || token === ']') open.pop();
    else if (token === ':') {
      // Parsed, because the same name may be written with and without escapes.
      const name: unknown = JSON.parse(before);
      const names = open.at(-1);
      if (names?.has(name)) return true;
      names?.add(name);
    }
    before = token;
  }
  return false;
}
