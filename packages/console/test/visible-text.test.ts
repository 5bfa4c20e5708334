/** Text from strangers shows everything that it contains. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import fc from 'fast-check';
import {visibleText} from '../src/design/visible-text.ts';

test('direction marks, invisible and control characters are named', () => {
  assert.equal(visibleText('\u202e0105551+'), '⟨U+202E⟩0105551+');
  assert.equal(visibleText('a\u200bb\u2060c\u00add\ufeff'), 'a⟨U+200B⟩b⟨U+2060⟩c⟨U+00AD⟩d⟨U+FEFF⟩');
  assert.equal(visibleText('a\u0000b\nc\u{e0041}'), 'a⟨U+0000⟩b⟨U+000A⟩c⟨U+E0041⟩');
  assert.equal(visibleText('pay\u200dpal'), 'pay⟨U+200D⟩pal');
});

test('text in any script stays unchanged', () => {
  for (const text of ['Zoë', '山田', 'می‌خواهم', '👩‍💻', '+1 (555) 010-0001', '<b>', ' '])
    assert.equal(visibleText(text), text);
});

test('a long text is cut and marked; half of a surrogate pair is replaced', () => {
  assert.equal(visibleText('W'.repeat(1000), 10), 'WWWWWWWWWW…');
  assert.equal(visibleText('W'.repeat(10), 10), 'WWWWWWWWWW');
  assert.equal(visibleText('aa😀', 3), 'aa\ufffd…');
});

test('for any text, the result is short, well-formed, and has no invisible characters', () => {
  fc.assert(
    fc.property(fc.string({unit: 'binary', maxLength: 500}), (text) => {
      const shown = visibleText(text, 50);
      assert.ok(shown.isWellFormed());
      assert.ok(shown.length <= 50 * 10 + 1);
      assert.doesNotMatch(shown, /[\p{Cc}\u202a-\u202e\u2066-\u2069\u200b\ufeff]/u);
    }),
  );
});
