/**
 * Proves who answered: a question signed with a secret that only this process has, or only the nodes of one installation, is
 * answered with another signature. Whoever asks without that secret gets no answer, so that `/healthz` tells strangers no
 * more than before.
 */
import {createHmac, randomBytes, timingSafeEqual} from 'node:crypto';

export class IdentityChallenge {
  readonly #secret: Buffer;
  /** Who can have answered. */
  readonly answerer: string;

  /** @param shared what all nodes of the installation know, and nobody else, where a balancer may ask any of them */
  constructor(shared?: string) {
    this.#secret =
      shared === undefined
        ? randomBytes(32)
        : createHmac('sha256', shared).update('hookswitch: who answers').digest();
    this.answerer = shared === undefined ? 'this process' : 'this process, or another node of its journal';
  }

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

  /** Whether `answer` is ours to that question. */
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
