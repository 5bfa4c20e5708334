import assert from 'node:assert/strict';
import {test} from 'node:test';
import {IdentityChallenge} from '../../../../src/services/health/identity-challenge.ts';

test('[H8] a process recognizes its own answer, and no other process can give it', () => {
  const [mine, other] = [new IdentityChallenge(), new IdentityChallenge()];
  const question = mine.question();
  assert.equal(mine.isAnswer(question, mine.answer(question)), true);
  assert.equal(other.answer(question), undefined);
  assert.equal(mine.isAnswer(question, 'nonsense'), false);
});

test('[H8] nodes with the same secret answer for each other, and nodes of another installation cannot', () => {
  const [a, b, other] = [
    new IdentityChallenge('key'),
    new IdentityChallenge('key'),
    new IdentityChallenge('another key'),
  ];
  const question = a.question();
  assert.equal(a.isAnswer(question, b.answer(question)), true);
  assert.equal(other.answer(question), undefined);
});
