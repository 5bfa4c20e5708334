/** Parses a token. It must fit into a WebSocket subprotocol (RFC 9110 token characters) and an HTTP header. */

/** The gateway refuses longer tokens. */
const MAX_TOKEN_LENGTH = 4096;

const NOT_A_TOKEN_CHARACTER = /[^!#$%&'*+.^_`|~0-9A-Za-z-]/u;

/**
 * Removes surrounding white space and one pair of JSON quotes from the token.
 * @param what names the value in the error. The error never quotes the value.
 * @throws TypeError that says why the value cannot be a token
 */
export function parseToken(value: unknown, what: string): string {
  if (typeof value !== 'string') {
    throw new TypeError(`${what} is ${value === null ? 'null' : `of type ${typeof value}`}, not a string.`);
  }
  const token = value
    .trim()
    .replace(/^"(.*)"$/s, '$1')
    .trim();
  const fault = faultOf(token);
  if (fault !== undefined) throw new TypeError(`${what} is not a token: ${fault}.`);
  return token;
}

function faultOf(token: string): string | undefined {
  if (token === '') return 'it is empty';
  if (token.startsWith('<')) return 'it is HTML or XML';
  if (/^[[{]/.test(token)) return 'it is JSON, return only the token';
  if (token.length > MAX_TOKEN_LENGTH)
    return `it has ${token.length} characters, the maximum is ${MAX_TOKEN_LENGTH}`;
  const [found] = NOT_A_TOKEN_CHARACTER.exec(token) ?? [];
  const code = found?.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0');
  return code && `it contains U+${code}`;
}
