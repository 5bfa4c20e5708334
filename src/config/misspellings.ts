/** Finds unknown names in the environment that resemble one of our variables. */
import {characterName} from './character-names.ts';
import {findStray} from './characters.ts';
import type {EnvironmentFault} from './environment-fault.ts';
import {type VariableName, variables} from './variables.ts';

export interface Misspelling {
  readonly found: string;
  readonly meant: VariableName;
}

/** Names of other programs that resemble ours by accident. */
const FOREIGN = new Set(['TWILIO_API_KEY', 'HOSTNAME', 'PORTS', 'HOSTS']);

/**
 * Unknown names that resemble an unset variable. Short names are skipped, because too many names resemble
 * `PORT`.
 */
export function misspellings(given: Readonly<Record<string, string>>): readonly Misspelling[] {
  const unset = (Object.keys(variables) as VariableName[]).filter(
    (name) => given[name] === undefined && name.length >= 8,
  );
  return Object.keys(given).flatMap((found) => {
    if (found in variables || FOREIGN.has(found) || found.length > 64) return [];
    const meant = unset.find((name) => isNear(found, name));
    return meant === undefined ? [] : [{found, meant}];
  });
}

/** Our names with an invisible character or a space in them. */
export function unreadableNames(given: Readonly<Record<string, string>>): readonly EnvironmentFault[] {
  return Object.keys(given).flatMap((found) => {
    const name = found.replaceAll(/[^\x21-\x7e]/g, '').replace(/^export(?=[A-Z])/, '');
    if (found.length > 64 || found === name || !(name in variables)) return [];
    const stray = findStray(found, 'ascii');
    const what = stray === undefined ? 'a space' : characterName(stray.character);
    return [
      {
        variable: name,
        fault: `has ${what} in its name`,
        remedy: 'Type the name again, with nothing before it or between it and the equals sign.',
      },
    ];
  });
}

function isNear(found: string, name: string): boolean {
  const [a, b] = [bare(found), bare(name)];
  return a === b || (Math.abs(a.length - b.length) <= 2 && distance(a, b) <= 2);
}

function bare(name: string): string {
  return name.toUpperCase().replaceAll(/[^A-Z0-9]/g, '');
}

/** The Levenshtein distance: letters to add, remove or change. */
function distance(a: string, b: string): number {
  let row = Array.from({length: b.length + 1}, (_, index) => index);
  for (const [i, letter] of a.split('').entries()) {
    const next = [i + 1];
    for (const [j, other] of b.split('').entries()) {
      const change = (row[j] ?? 0) + (letter === other ? 0 : 1);
      next.push(Math.min(change, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
