/**
 * Proves that it was this process that answered: a question signed with a secret that only this process has is
 * answered with another signature. Whoever asks without that secret gets no answer, so that `/healthz` tells strangers
 * no more than before.
 */
import {createHmac, randomBytes, timingSafeEqual} from 'node:crypto';

export class ProcessProof {
  readonly #secret = randomBytes(32);

  /** A question nobody else can ask, for a query: letters, digits, `-`, `_` and `.`. */
  question(): string {
    const nonce = randomBytes(16).toString('base64url');
    return `${nonce}.${this.#sign('question', nonce)}`;
  }

  /** The answer, if the question is one of ours. */
  answer(question: unknown): string | undefined {
    if (typeof question !== 'string' || question.length > 128) return undefined;
    const [nonce = '', signature = ''] = question.split('.');
    return same(signature, this.#sign('question', nonce)) ? this.#sign('answer', nonce) : undefined;
  }

  /** Whether `answer` is this process' to that question. */
  isAnswer(question: string, answer: unknown): boolean {
    const expected = this.answer(question);
    return expected !== undefined && typeof answer === 'string' && same(answer, expected);
  }

  #sign(purpose: 'question' | 'answer', nonce: string): string {
    return createHmac('sha256', this.#secret).update(`${purpose}:${nonce}`).digest('base64url');
  }
}

function same(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}
