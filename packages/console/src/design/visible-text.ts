/** Makes text from strangers show everything that it contains. Pure. */

/**
 * Invisible characters that change how other characters are shown: control characters, direction marks,
 * zero-width spaces, tags.
 */
const TREACHEROUS =
  /[\p{Cc}\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu;

/** Joiners are part of many scripts, but never next to ASCII. */
const STRAY_JOINER = /(?<=[\x20-\x7e])[\u200c\u200d]|[\u200c\u200d](?=[\x20-\x7e])/gu;

const DEFAULT_MAX_LENGTH = 160;

/** `\u202e` becomes `⟨U+202E⟩`. A text over the limit is cut and ends with `…`. */
export function visibleText(text: string, maxLength = DEFAULT_MAX_LENGTH): string {
  // Cut first: a replacement is longer than the character that it replaces, and a long text then costs
  // nothing.
  const isCut = text.length > maxLength;
  const shown = (isCut ? text.slice(0, maxLength) : text).toWellFormed();
  const named = shown.replace(STRAY_JOINER, codePoint).replace(TREACHEROUS, codePoint);
  return isCut ? `${named}…` : named;
}

function codePoint(character: string): string {
  const hex = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
  return `⟨U+${hex}⟩`;
}
