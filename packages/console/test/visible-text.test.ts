/** What strangers choose, such that what is seen is what is there. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import fc from 'fast-check';
import {visibleText} from '../src/design/visible-text.ts';

test('what turns the direction, shows nothing or controls is named', () => {
  assert.equal(visibleText('\u202e0105551+'), '⟨U+202E⟩0105551+');
  assert.equal(visibleText('a\u200bb\u2060c\u00add\ufeff'), 'a⟨U+200B⟩b⟨U+2060⟩c⟨U+00AD⟩d⟨U+FEFF⟩');
  assert.equal(visibleText('a\u0000b\nc\u{e0041}'), 'a⟨U+0000⟩b⟨U+000A⟩c⟨U+E0041⟩');
  assert.equal(visibleText('pay\u200dpal'), 'pay⟨U+200D⟩pal');
});

test('what people write in their own script stays as it is', () => {
  for (const text of ['Zoë', '山田', 'می‌خواهم', '👩‍💻', '+1 (555) 010-0001', '<b>', ' '])
    assert.equal(visibleText(text), text);
});

test('an endless text is cut and says so; half a character is none', () => {
  assert.equal(visibleText('W'.repeat(1000), 10), 'WWWWWWWWWW…');
  assert.equal(visibleText('W'.repeat(10), 10), 'WWWWWWWWWW');
  assert.equal(visibleText('aa😀', 3), 'aa\ufffd…');
});

test('whatever it is given: short, well-formed, and nothing in it that hides', () => {
  fc.assert(
    fc.property(fc.string({unit: 'binary', maxLength: 500}), (text) => {
      const shown = visibleText(text, 50);
      assert.ok(shown.isWellFormed());
      assert.ok(shown.length <= 50 * 10 + 1);
      assert.doesNotMatch(shown, /[\p{Cc}\u202a-\u202e\u2066-\u2069\u200b\ufeff]/u);
    }),
  );
});
