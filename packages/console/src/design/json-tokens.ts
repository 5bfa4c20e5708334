/** Splits JSON text into tokens, so that it can be colored without generating markup. */

export interface JsonToken {
  readonly kind: 'key' | 'string' | 'other' | 'plain';
  readonly text: string;
}

const TOKEN = /("(?:[^"\\]|\\.)*")(\s*:)?|\b(?:true|false|null)\b|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/** The tokens of `JSON.stringify`'s output, in order. Joined, they are the text. */
export function jsonTokens(text: string): JsonToken[] {
  const tokens: JsonToken[] = [];
  let end = 0;
  for (const match of text.matchAll(TOKEN)) {
    if (match.index > end) tokens.push({kind: 'plain', text: text.slice(end, match.index)});
    const [whole, string, colon] = match;
    end = match.index + whole.length;
    if (string === undefined) tokens.push({kind: 'other', text: whole});
    else if (colon === undefined) tokens.push({kind: 'string', text: whole});
    else tokens.push({kind: 'key', text: string}, {kind: 'plain', text: colon});
  }
  if (end < text.length) tokens.push({kind: 'plain', text: text.slice(end)});
  return tokens;
}
