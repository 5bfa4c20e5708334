/**
 * Reads the YAML of our manifests for tests: maps, lists, scalars, bracketed lists, anchors merged into maps, and several
 * documents. It rejects everything else.
 */
import type {Json} from './json.ts';

interface Line {
  readonly indent: number;
  readonly text: string;
  readonly number: number;
}

/** Parses the documents of a file. @throws Error with the line that is not supported */
export function parseYaml(source: string): Json[] {
  return source
    .split(/^---$/m)
    .map((document) => new Reader(document).read())
    .filter((document) => document !== undefined);
}

class Reader {
  readonly #lines: readonly Line[];
  readonly #anchors = new Map<string, Json>();
  #next = 0;

  constructor(source: string) {
    this.#lines = source.split('\n').flatMap((raw, index) => {
      const text = raw.replace(/(^|\s)#.*$/, '').trimEnd();
      if (raw.includes('\t')) throw new Error(`line ${index + 1}: a tab`);
      return text === '' ? [] : [{indent: text.search(/\S/), text: text.trim(), number: index + 1}];
    });
  }

  read(): Json {
    const [first] = this.#lines;
    if (first === undefined) return undefined;
    const value = this.#block(first.indent);
    const rest = this.#lines[this.#next];
    if (rest !== undefined) throw new Error(`line ${rest.number}: not expected: ${rest.text}`);
    return value;
  }

  #block(indent: number): Json {
    return this.#lines[this.#next]?.text.startsWith('- ') === true ? this.#list(indent) : this.#map(indent);
  }

  #list(indent: number): Json[] {
    const items: Json[] = [];
    for (let line = this.#at(indent); line?.text.startsWith('- ') === true; line = this.#at(indent)) {
      const rest = line.text.slice(2);
      if (/^[\w./-]+:( |$)/.test(rest)) {
        // The first key of a map follows the dash. It is read as a separate line with two more columns of indentation.
        (this.#lines as Line[])[this.#next] = {...line, indent: indent + 2, text: rest};
        items.push(this.#map(indent + 2));
      } else {
        this.#next += 1;
        items.push(scalar(rest, line));
      }
    }
    return items;
  }

  #map(indent: number): Json {
    const map: Json = {};
    const own = new Set<string>();
    for (let line = this.#at(indent); line !== undefined; line = this.#at(indent)) {
      const match = /^([\w./<-]+):(?: (.*))?$/.exec(line.text);
      if (match === null) throw new Error(`line ${line.number}: not understood: ${line.text}`);
      const [, key = '', rest = ''] = match;
      this.#next += 1;
      if (key === '<<') {
        Object.assign(map, this.#anchors.get(rest.replace('*', '')));
        continue;
      }
      if (own.has(key)) throw new Error(`line ${line.number}: ${key} stands twice`);
      own.add(key);
      const anchor = /^&(\w+)$/.exec(rest)?.[1];
      map[key] = rest === '' || anchor !== undefined ? this.#nested(indent) : scalar(rest, line);
      if (anchor !== undefined) this.#anchors.set(anchor, map[key]);
    }
    return map;
  }

  #nested(indent: number): Json {
    const next = this.#lines[this.#next];
    return next === undefined || next.indent <= indent ? null : this.#block(next.indent);
  }

  #at(indent: number): Line | undefined {
    const line = this.#lines[this.#next];
    if (line === undefined || line.indent < indent) return undefined;
    if (line.indent > indent) throw new Error(`line ${line.number}: indented too far`);
    return line;
  }
}

function scalar(text: string, {number}: Line): Json {
  if (/^["[]/.test(text)) return JSON.parse(text);
  if (/^['{|>&*!]/.test(text)) throw new Error(`line ${number}: not understood: ${text}`);
  if (text === 'true' || text === 'false') return text === 'true';
  return /^-?\d+$/.test(text) ? Number(text) : text;
}
