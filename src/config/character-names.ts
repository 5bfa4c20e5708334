/** Names of characters that get into settings by accident, as in Unicode. */

/** Characters that are invisible or look like a space, and characters that stand for an unreadable byte. */
export const invisible = /^(?:[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{DI}\u2800\ufffd]|(?! )\p{Zs})$/u;

/** Typographic quotes and primes that word processors and chats substitute for plain ones. */
export const typographicQuote =
  /^[\u00ab\u00bb\u00b4\u2018-\u201f\u2032-\u2037\u2039\u203a\u301d-\u301f\uff02\uff07]$/u;

/** ASCII characters in the full-width form of East Asian keyboards. */
export const fullWidth = /^[\uff01-\uff5e]$/u;

const names: ReadonlyMap<number, string> = new Map([
  [0x00, 'NULL'],
  [0x09, 'TAB'],
  [0x0a, 'LINE FEED'],
  [0x0d, 'CARRIAGE RETURN'],
  [0x1b, 'ESCAPE'],
  [0x7f, 'DELETE'],
  [0xa0, 'NO-BREAK SPACE'],
  [0xab, 'LEFT-POINTING DOUBLE ANGLE QUOTATION MARK'],
  [0xad, 'SOFT HYPHEN'],
  [0xb4, 'ACUTE ACCENT'],
  [0xbb, 'RIGHT-POINTING DOUBLE ANGLE QUOTATION MARK'],
  [0x34f, 'COMBINING GRAPHEME JOINER'],
  [0x2002, 'EN SPACE'],
  [0x2003, 'EM SPACE'],
  [0x2007, 'FIGURE SPACE'],
  [0x2009, 'THIN SPACE'],
  [0x200a, 'HAIR SPACE'],
  [0x200b, 'ZERO WIDTH SPACE'],
  [0x200c, 'ZERO WIDTH NON-JOINER'],
  [0x200d, 'ZERO WIDTH JOINER'],
  [0x200e, 'LEFT-TO-RIGHT MARK'],
  [0x200f, 'RIGHT-TO-LEFT MARK'],
  [0x2010, 'HYPHEN'],
  [0x2011, 'NON-BREAKING HYPHEN'],
  [0x2012, 'FIGURE DASH'],
  [0x2013, 'EN DASH'],
  [0x2014, 'EM DASH'],
  [0x2018, 'LEFT SINGLE QUOTATION MARK'],
  [0x2019, 'RIGHT SINGLE QUOTATION MARK'],
  [0x201a, 'SINGLE LOW-9 QUOTATION MARK'],
  [0x201b, 'SINGLE HIGH-REVERSED-9 QUOTATION MARK'],
  [0x201c, 'LEFT DOUBLE QUOTATION MARK'],
  [0x201d, 'RIGHT DOUBLE QUOTATION MARK'],
  [0x201e, 'DOUBLE LOW-9 QUOTATION MARK'],
  [0x201f, 'DOUBLE HIGH-REVERSED-9 QUOTATION MARK'],
  [0x2022, 'BULLET'],
  [0x2026, 'HORIZONTAL ELLIPSIS'],
  [0x2028, 'LINE SEPARATOR'],
  [0x2029, 'PARAGRAPH SEPARATOR'],
  [0x202a, 'LEFT-TO-RIGHT EMBEDDING'],
  [0x202b, 'RIGHT-TO-LEFT EMBEDDING'],
  [0x202c, 'POP DIRECTIONAL FORMATTING'],
  [0x202d, 'LEFT-TO-RIGHT OVERRIDE'],
  [0x202e, 'RIGHT-TO-LEFT OVERRIDE'],
  [0x202f, 'NARROW NO-BREAK SPACE'],
  [0x2032, 'PRIME'],
  [0x2033, 'DOUBLE PRIME'],
  [0x2039, 'SINGLE LEFT-POINTING ANGLE QUOTATION MARK'],
  [0x203a, 'SINGLE RIGHT-POINTING ANGLE QUOTATION MARK'],
  [0x205f, 'MEDIUM MATHEMATICAL SPACE'],
  [0x2060, 'WORD JOINER'],
  [0x2066, 'LEFT-TO-RIGHT ISOLATE'],
  [0x2067, 'RIGHT-TO-LEFT ISOLATE'],
  [0x2068, 'FIRST STRONG ISOLATE'],
  [0x2069, 'POP DIRECTIONAL ISOLATE'],
  [0x2212, 'MINUS SIGN'],
  [0x25cf, 'BLACK CIRCLE'],
  [0x2800, 'BRAILLE PATTERN BLANK'],
  [0x3000, 'IDEOGRAPHIC SPACE'],
  [0x3164, 'HANGUL FILLER'],
  [0xfeff, 'ZERO WIDTH NO-BREAK SPACE (byte order mark)'],
  [0xff02, 'FULLWIDTH QUOTATION MARK'],
  [0xff07, 'FULLWIDTH APOSTROPHE'],
  [0xff0b, 'FULLWIDTH PLUS SIGN'],
  [0xfffd, 'REPLACEMENT CHARACTER'],
]);

/** The kind of all other characters. The first match counts. */
const kinds: readonly (readonly [RegExp, string])[] = [
  [/^\p{Zs}$/u, 'a space that is not ASCII'],
  [/^\p{Cc}$/u, 'a control character'],
  [/^[\p{Cf}\p{DI}]$/u, 'an invisible character'],
  [/^\p{Cs}$/u, 'half a character'],
  [fullWidth, 'a full-width form of an ASCII character'],
  [/^\p{Nd}$/u, 'a digit that is not ASCII'],
  [/^\p{Script=Cyrillic}$/u, 'a Cyrillic letter'],
  [/^\p{Script=Greek}$/u, 'a Greek letter'],
  [/^\p{L}$/u, 'a letter that is not ASCII'],
];

/** `U+200B ZERO WIDTH SPACE`, or `U+0410 (a Cyrillic letter)`. */
export function characterName(character: string): string {
  const codePoint = character.codePointAt(0) ?? 0;
  const code = `U+${codePoint.toString(16).toUpperCase().padStart(4, '0')}`;
  const name = names.get(codePoint);
  if (name !== undefined) return `${code} ${name}`;
  const kind = kinds.find(([shape]) => shape.test(character))?.[1] ?? 'a character that is not ASCII';
  return `${code} (${kind})`;
}
