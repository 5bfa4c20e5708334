/** Reads `.env` and reports, by line and without content, everything that Node's parser drops silently. */
import {parseEnv} from 'node:util';
import {Refusal} from './parsing.ts';
import {readTextFile} from './text-file.ts';

export interface EnvFile {
  readonly values: NodeJS.Dict<string>;
  /** Lines without effect, one sentence each. */
  readonly notices: readonly string[];
}

export function readEnvFile(path: string): EnvFile | Refusal {
  const text = readTextFile(path);
  if (text instanceof Refusal) return text;
  // Node's parser does not support a lone carriage return and would join the lines.
  const lines = text.replaceAll(/\r\n?/g, '\n');
  return {values: parseEnv(lines), notices: ignoredLines(path, lines)};
}

/** One line, or several within quotes: `export NAME = "value" # comment`. */
const ASSIGNMENT =
  /[^\S\n]*(?:export[^\S\n]+)?([^\n=#]*?)[^\S\n]*=[^\S\n]*(?:"[^"]*"|'[^']*'|`[^`]*`)?[^\n]*(?:\n|$)/y;
const NOTHING = /[^\S\n]*(?:#[^\n]*)?(?:\n|$)/y;

function ignoredLines(path: string, text: string): string[] {
  const found: string[] = [];
  const lineOf = new Map<string, number>();
  let line = 1;
  for (let at = 0; at < text.length; ) {
    NOTHING.lastIndex = ASSIGNMENT.lastIndex = at;
    const nothing = NOTHING.exec(text);
    const assignment = nothing === null ? ASSIGNMENT.exec(text) : null;
    const name = assignment?.[1] ?? '';
    if (nothing === null) found.push(...(noticeOf({path, line, name, before: lineOf.get(name)}) ?? []));
    if (name !== '') lineOf.set(name, line);
    const end = text.indexOf('\n', at);
    const taken = (nothing ?? assignment)?.[0].length ?? (end === -1 ? text.length : end + 1) - at;
    line += text.slice(at, at + taken).split('\n').length - 1;
    at += taken;
  }
  return found;
}

interface Line {
  readonly path: string;
  readonly line: number;
  readonly name: string;
  /** The earlier line that sets the same name. */
  readonly before: number | undefined;
}

function noticeOf({path, line, name, before}: Line): [string] | undefined {
  if (!/^[A-Za-z_]\w*$/.test(name)) return [`${path} line ${line} is not NAME=value, so it has no effect.`];
  return before === undefined
    ? undefined
    : [`${path} sets ${name} in line ${before} and again in line ${line}. The last one counts.`];
}
