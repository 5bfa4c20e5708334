import {BoundedLog} from '../bounded-log.ts';

/** Maximum length of a stored text, attribute or URL. Characters. */
const MAX_TEXT = 2000;

/** A verb that a leg has run. */
export interface TwimlStep {
  readonly callSid: string;
  readonly at: Date;
  /** The URL of its document. Null for inline TwiML. */
  readonly url: string | null;
  readonly verb: string;
  readonly attributes: Readonly<Record<string, string>>;
  /** The text of the verb and of its nested elements. */
  readonly text: string;
  /** Nested in another verb, such as the prompt of a Gather. */
  readonly nested: boolean;
  /** The sound that the party on this leg heard. Null for a silent verb. */
  readonly heard: string | null;
}

/** The TwiML steps of all legs. Only the latest are kept. */
export class TwimlLog {
  readonly #log: BoundedLog<TwimlStep>;

  constructor({limit}: {readonly limit: number}) {
    this.#log = new BoundedLog({limit});
  }

  add(step: Omit<TwimlStep, 'at'>): void {
    const attributes = Object.entries(step.attributes).map(([name, value]) => [name, short(value)]);
    this.#log.add({
      ...step,
      at: new Date(),
      url: step.url === null ? null : short(step.url),
      text: short(step.text),
      heard: step.heard === null ? null : short(step.heard),
      attributes: Object.fromEntries(attributes) as Record<string, string>,
    });
  }

  /** The steps of one leg, oldest first. */
  of(callSid: string): TwimlStep[] {
    return this.#log.list().filter((step) => step.callSid === callSid);
  }

  clear(): void {
    this.#log.clear();
  }
}

function short(text: string): string {
  return text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text;
}
