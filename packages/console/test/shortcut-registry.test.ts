/** Keyboard shortcuts: where they work, and which one wins. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {type KeyPress, ShortcutRegistry} from '../src/shell/shortcut-registry.ts';

function setUp() {
  const registry = new ShortcutRegistry();
  const ran: string[] = [];
  const add = (keys: string, name = keys) =>
    registry.add({keys, label: name, group: 'Test', inPalette: true, handler: () => ran.push(name)});
  let at = 0;
  const press = (key: string, more: Partial<KeyPress> = {}) => {
    at += 100;
    const none = {ctrlKey: false, metaKey: false, altKey: false, target: 'page'} as const;
    return registry.handle({key, ...none, at, ...more});
  };
  return {registry, ran, add, press};
}

test('single keys, sequences, and keys with Ctrl or ⌘ work', () => {
  const {ran, add, press} = setUp();
  add('x');
  add('g c');
  add('mod+k');
  assert.equal(press('x'), true);
  assert.equal(press('c'), false);
  assert.equal(press('g'), false);
  assert.equal(press('c'), true);
  press('k');
  press('k', {ctrlKey: true});
  press('K', {metaKey: true});
  assert.deepEqual(ran, ['x', 'g c', 'mod+k', 'mod+k']);
});

test('a sequence ends after a pause or another key; its prefix is visible until then', () => {
  const {registry, ran, add, press} = setUp();
  add('g c');
  add('c');
  press('g', {at: 1000});
  assert.equal(registry.getSnapshot().prefix, 'g');
  registry.expire(1500);
  assert.equal(registry.getSnapshot().prefix, 'g');
  registry.expire(2200);
  assert.equal(registry.getSnapshot().prefix, undefined);
  press('g', {at: 3000});
  press('c', {at: 4300});
  press('g', {at: 5000});
  press('z', {at: 5100});
  press('c', {at: 5200});
  assert.deepEqual(ran, ['c', 'c']);
});

test('keys are ignored in fields, in dialogs, with Alt, and on controls that handle them', () => {
  const {ran, add, press} = setUp();
  for (const keys of ['x', 'Enter', 'mod+k']) add(keys);
  assert.equal(press('x', {target: 'editable'}), false);
  assert.equal(press('x', {target: 'dialog'}), false);
  assert.equal(press('x', {altKey: true}), false);
  assert.equal(press('x', {ctrlKey: true}), false);
  assert.equal(press('Enter', {target: 'control'}), false);
  assert.deepEqual(ran, []);
  press('x', {target: 'control'});
  press('k', {ctrlKey: true, target: 'editable'});
  assert.deepEqual(ran, ['x', 'mod+k']);
});

test('the newest shortcut of a key wins and is listed alone; the older one returns when it is removed', () => {
  const {registry, ran, add, press} = setUp();
  add('p', 'page');
  const remove = add('p', 'screen');
  assert.deepEqual(
    registry.getSnapshot().shortcuts.map(({label}) => label),
    ['screen'],
  );
  press('p');
  remove();
  press('p');
  assert.deepEqual(ran, ['screen', 'page']);
});

test('when disabled, single keys do nothing and keys with Ctrl still work', () => {
  const {registry, ran, add, press} = setUp();
  add('x');
  add('mod+k');
  registry.setEnabled(false);
  press('x');
  press('k', {ctrlKey: true});
  registry.setEnabled(true);
  press('x');
  assert.deepEqual(ran, ['mod+k', 'x']);
});
