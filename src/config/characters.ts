/**
 * Finds text that came into a setting by accident: quotes that Docker's `--env-file` keeps, invisible
 * characters, comments, and templates without values. A gateway with such a value would match nothing, so the
 * value is refused. The error names the character and its position, never the value, which may be a secret.
 */
import {characterName, fullWidth, invisible, typographicQuote} from './character-names.ts';
import {Refusal} from './parsing.ts';

/**
 * Characters that a setting may contain in addition to printable ASCII. `international`: letters of any
 * script, as in host names. `path`: these and typographic characters, as in folder names. `prose`: any text;
 * only its ends are checked.
 */
export type Characters = 'ascii' | 'international' | 'path' | 'prose';

export interface TextRules {
  /** @default ascii */
  readonly characters?: Characters;
  /** The value may start or end with its own quote, so only a pair of quotes around it is refused. */
  readonly ownQuotes?: true;
}

const QUOTES_REMEDY =
  "Remove the quotes. Docker's --env-file and kubectl's --from-env-file keep them as part of the value.";
const COPY_REMEDY = 'Delete this character, which was probably copied by accident, or type the value again.';

/** The accident in the text of the variable `name`, if any. */
export function accidentIn(
  name: string,
  raw: string,
  {characters = 'ascii', ownQuotes}: TextRules,
): Refusal | undefined {
  const text = trimBlanks(raw);
  return (
    strayCharacter(raw, characters) ??
    quotesAround(text, ownQuotes === true || characters === 'prose') ??
    (characters === 'prose' ? undefined : (comment(text) ?? ownName(name, text))) ??
    template(text)
  );
}

/** Removes spaces and line breaks at both ends. Unlike `String.trim`, it keeps invisible characters. */
export function trimBlanks(text: string): string {
  let [start, end] = [0, text.length];
  while (start < end && isBlank(text[start])) start += 1;
  while (end > start && isBlank(text[end - 1])) end -= 1;
  return text.slice(start, end);
}

/** The first character that is not allowed, and its position among the characters, from 1. */
export function findStray(
  text: string,
  characters: Characters,
): {character: string; position: number} | undefined {
  const all = Array.from(text);
  const first = all.findIndex((character) => !isBlank(character));
  const last = all.findLastIndex((character) => !isBlank(character));
  for (let at = first; at >= 0 && at <= last; at += 1) {
    const character = all[at] ?? '';
    const counts = characters !== 'prose' || at === first || at === last;
    if (counts && isStray(character, characters)) return {character, position: at + 1};
  }
  return undefined;
}

function isStray(character: string, characters: Characters): boolean {
  if (invisible.test(character)) return true;
  switch (characters) {
    case 'ascii':
      return !/^[\x20-\x7e]$/.test(character);
    case 'international':
      return typographicQuote.test(character) || fullWidth.test(character);
    case 'prose':
      return typographicQuote.test(character);
    case 'path':
      return false;
  }
}

function strayCharacter(raw: string, characters: Characters): Refusal | undefined {
  const stray = findStray(raw, characters);
  // A path may contain such a quote, but not at its ends.
  const quote = characters === 'path' ? /^[\u2018-\u201f]|[\u2018-\u201f]$/u.exec(trimBlanks(raw)) : null;
  if (stray === undefined)
    return quote === null
      ? undefined
      : new Refusal(`is in quotes (${characterName(quote[0])})`, QUOTES_REMEDY);
  const {character, position} = stray;
  const fault = `has ${characterName(character)} at position ${position}`;
  if (typographicQuote.test(character)) return new Refusal(fault, `${QUOTES_REMEDY} These are typographic.`);
  if (character === '\ufffd')
    return new Refusal(fault, 'The value was not read as UTF-8. Save its file as UTF-8.');
  return new Refusal(fault, COPY_REMEDY);
}

const quoteNames: Readonly<Record<string, string>> = {
  '"': 'double quote',
  "'": 'single quote',
  '`': 'backtick',
};

function quotesAround(text: string, onlyPairs: boolean): Refusal | undefined {
  const [first, last] = [quoteNames[text[0] ?? ''], quoteNames[text.at(-1) ?? '']];
  if (first !== undefined && first === last && text.length > 1)
    return new Refusal(`starts and ends with a ${first}`, QUOTES_REMEDY);
  if (onlyPairs || (first ?? last) === undefined) return undefined;
  const where = first === undefined ? `ends with a ${last}` : `starts with a ${first}`;
  return new Refusal(where, QUOTES_REMEDY);
}

function comment(text: string): Refusal | undefined {
  if (!/[ \t]#|^#/.test(text)) return undefined;
  return new Refusal(
    'contains a comment (#)',
    "Move the comment to its own line. Docker's --env-file keeps it as part of the value.",
  );
}

/** `NAME=NAME=value`, `NAME==value` and `NAME: value`. */
function ownName(name: string, text: string): Refusal | undefined {
  const repeated = text.startsWith(`${name}=`) || text.startsWith(`${name}:`);
  if (!repeated && !/^[=]/.test(text)) return undefined;
  return new Refusal(
    repeated ? 'starts with its own name' : 'starts with an equals sign',
    'Write NAME=value once, with nothing between the equals sign and the value.',
  );
}

/** `${NAME}`, `$NAME`, `$(command)`, `{{ name }}`, `%NAME%`, `<name>`, and references to vaults. */
function template(text: string): Refusal | undefined {
  const shape = /^(?:\$\{[^}]*\}|\$[A-Za-z_]\w*|\$\([^)]*\)|\{\{.*\}\}|%[A-Za-z_]\w*%|op:\/\/.*|<[^<>/]*>)$/s;
  if (!shape.test(text)) return undefined;
  return new Refusal(
    'is a template without its value',
    'Set it to the value itself. References to other variables or to a vault are not replaced here.',
  );
}

function isBlank(character = ''): boolean {
  return character === ' ' || character === '\t' || character === '\r' || character === '\n';
}
