/**
 * Proves that an endpoint belongs to this gateway. A question signed with a secret of this process, or of the
 * nodes of one installation, is answered with another signature. Without the secret there is no answer, so
 * `/healthz` reveals nothing to strangers.
 */
import {createHmac, randomBytes, timingSafeEqual} from 'node:crypto';

export class IdentityChallenge {
  readonly #secret: Buffer;
  /** The possible answerers, as a text. */
  readonly answerer: string;

  /** @param shared a secret that all nodes of the installation share, needed behind a load balancer */
  constructor(shared?: string) {
    this.#secret =
      shared === undefined
        ? randomBytes(32)
        : createHmac('sha256', shared).update('hookswitch: who answers').digest();
    this.answerer = shared === undefined ? 'this process' : 'this process, or another node of its journal';
  }

  /** A question that nobody else can create, for use in a query: letters, digits, `-`, `_` and `.`. */
  question(): string {
    const nonce = randomBytes(16).toString('base64url');
    return `${nonce}.${this.#sign('question', nonce)}`;
  }

  /** The answer, if the question is ours. */
  answer(question: unknown): string | undefined {
    if (typeof question !== 'string' || question.length > 128) return undefined;
    const [nonce = '', signature = ''] = question.split('.');
    return same(signature, this.#sign('question', nonce)) ? this.#sign('answer', nonce) : undefined;
  }

  /** Whether `answer` is our answer to the question. */
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
