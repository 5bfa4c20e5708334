/** The tables in the documents match the code. */
import assert from 'node:assert/strict';
import {existsSync, globSync, readFileSync} from 'node:fs';
import {test} from 'node:test';
import {closeReasons, errorCodes} from '@hookswitch/protocol';
import {clientMessage, serverMessage} from '@hookswitch/protocol/schemas';
import {errorTypes} from '../../../src/errors/app-error.ts';
import {createMetrics, observe} from '../../../src/observability/metrics.ts';
import {observeNodes} from '../../../src/observability/node-metrics.ts';

const root = new URL('../../../', import.meta.url);
const read = (file: string) => readFileSync(new URL(file, root), 'utf8');
const websocket = read('docs/reference/websocket.md');
const errors = read('docs/reference/errors.md');

/** The rows of the first table below `heading`, split into cells. */
function table(text: string, heading: string): string[][] {
  const section = text.split(`# ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
  const rows = section.split('\n').filter((line) => line.startsWith('|'));
  return rows.slice(2).map((row) =>
    row
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

test('the close codes in the reference match the protocol package', () => {
  const expected = Object.values(closeReasons).map(({code, text, retry}) => [String(code), text, retry]);
  assert.deepEqual(table(websocket, 'Close codes'), expected);
});

test('[H6] the error codes in the reference match AppError', () => {
  const expected = Object.entries(errorTypes).map(([code, {status, title}]) => [
    `\`${code}\``,
    String(status),
    title,
  ]);
  assert.deepEqual(table(errors, 'Errors'), expected);
});

test('[W5] every code of an error message is an AppError code', () => {
  assert.deepEqual(
    errorCodes.filter((code) => !(code in errorTypes)),
    [],
  );
});

test('every protocol message is in the reference, under its direction', () => {
  const named = (heading: string) =>
    table(websocket, heading).map(([cell]) => /`([a-z.]+)`/.exec(cell ?? '')?.[1]);
  const types = (union: typeof serverMessage | typeof clientMessage) =>
    union.options.map((option) => option.shape.type.value);
  assert.deepEqual(new Set(named('Server → client')), new Set(types(serverMessage)));
  assert.deepEqual(new Set(named('Client → server')), new Set(types(clientMessage)));
});

test('the metrics in the reference match the registry', () => {
  const metrics = createMetrics();
  observe(metrics, {openSessions: () => 0, laggingSessions: () => 0, activeCalls: () => 0});
  observeNodes(metrics, () => []);
  const rows = table(read('docs/reference/metrics.md'), 'Metrics');
  assert.deepEqual(
    rows,
    metrics.registry.getMetricsAsArray().map(({name, help}) => [`\`${name}\``, help]),
  );
});

/** The headings as the anchors that GitHub generates for them. */
function anchorsOf(text: string): readonly string[] {
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replaceAll(' ', '-'),
  );
}

const documents = globSync(['*.md', 'docs/**/*.md', 'packages/*/README.md', 'chaos/*.md'], {cwd: root});

for (const file of documents) {
  test(`the links in ${file} lead to existing files and headings`, () => {
    for (const [, target = '', , anchor] of read(file).matchAll(/\]\(([^)#\s]*)(#([^)]+))?\)/g)) {
      if (/^[a-z]+:/.test(target)) continue;
      const path = target === '' ? file : new URL(target, new URL(file, root)).href;
      const text = read(path);
      if (anchor !== undefined) assert.ok(anchorsOf(text).includes(anchor), `${target}#${anchor}`);
    }
  });
}

test('source files that the documents name exist', () => {
  for (const file of documents.filter((name) => name !== 'CHANGELOG.md')) {
    for (const [, path = ''] of read(file).matchAll(
      /`((?:src|test|bench|chaos|deploy|packages)\/[\w./-]+)`/g,
    )) {
      const folders = [root, new URL('./', new URL(file, root))];
      assert.ok(
        folders.some((folder) => existsSync(new URL(path, folder))),
        `${file}: ${path}`,
      );
    }
  }
});
