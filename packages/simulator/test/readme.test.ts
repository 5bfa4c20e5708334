import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {test} from 'node:test';
import {numberTable, scenarioNames} from '../src/index.ts';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');

test('the README contains the number table and the scenario names', () => {
  for (const {numbers, outcome} of numberTable) {
    const row = readme.split('\n').find((line) => line.startsWith(`| ${numbers} |`));
    assert.ok(row?.includes(outcome), `${numbers} ${outcome}`);
  }
  for (const name of scenarioNames) assert.ok(readme.includes(`\`${name}\``), name);
});
