/** Text that strangers choose, such that what is seen is what is there. Pure. */

/**
 * Characters that show nothing themselves and change what the others show: control characters, those that turn the
 * direction of writing, blanks without width, tags.
 */
const TREACHEROUS =
  /[\p{Cc}\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu;

/** Joiners belong into many scripts, and nowhere beside ASCII. */
const STRAY_JOINER = /(?<=[\x20-\x7e])[\u200c\u200d]|[\u200c\u200d](?=[\x20-\x7e])/gu;

const DEFAULT_MAX_LENGTH = 160;

/** `\u202e` becomes `⟨U+202E⟩`, and what is endless ends with `…`. */
export function visibleText(text: string, maxLength = DEFAULT_MAX_LENGTH): string {
  // Cut first: a replacement is longer than what it replaces, and an endless text costs nothing then.
  const isCut = text.length > maxLength;
  const shown = (isCut ? text.slice(0, maxLength) : text).toWellFormed();
  const named = shown.replace(STRAY_JOINER, codePoint).replace(TREACHEROUS, codePoint);
  return isCut ? `${named}…` : named;
}

function codePoint(character: string): string {
  const hex = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
  return `⟨U+${hex}⟩`;
}
