/** `npm run chaos` as a command. */
import assert from 'node:assert/strict';
import {spawnSync} from 'node:child_process';
import {globSync, readFileSync} from 'node:fs';
import path from 'node:path';
import {test} from 'node:test';
import {clusterFaults, faults, findFault} from '../../chaos/faults/index.ts';
import {mutants} from '../../chaos/mutants/mutants.ts';

const program = path.join(import.meta.dirname, '../../chaos/run.js');
const chaos = (...args: readonly string[]) =>
  spawnSync(process.execPath, [program, ...args], {encoding: 'utf8'});

test('--help lists every fault and every mutant', () => {
  const {status, stdout} = chaos('--help');
  assert.equal(status, 0);
  for (const {name} of [...faults, ...clusterFaults, ...mutants]) assert.ok(stdout.includes(name), name);
});

test('invalid arguments print an error and run nothing', () => {
  for (const args of [
    ['--fault', 'earthquake'],
    ['--mutant', 'x-man'],
    ['--seed', 'x'],
    ['--write', '--fault', 'mix'],
  ]) {
    const {status, stderr} = chaos(...args);
    assert.equal(status, 1, args.join(' '));
    assert.match(stderr, /Unknown|whole|complete/);
  }
});

test('names are unique, and the fault of every mutant exists', () => {
  const all = [...faults, ...clusterFaults].map(({name}) => name);
  assert.equal(new Set(all).size, all.length);
  assert.equal(new Set(mutants.map(({name}) => name)).size, mutants.length);
  for (const {fault} of mutants) findFault(fault);
});

test('every fault is part of the tests', () => {
  const texts = globSync(`${import.meta.dirname}/*.test.ts`).map((file) => readFileSync(file, 'utf8'));
  for (const {name} of faults)
    assert.ok(
      texts.some((text) => text.includes(`survives('${name}'`)),
      name,
    );
});
