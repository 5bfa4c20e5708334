import type {Call} from '../calls/call.ts';
import {isAbort} from '../clock.ts';
import type {Step, TwimlHost, VerbContext} from './host.ts';
import type {TwimlElement} from './parse-twiml.ts';
import type {TwimlSource} from './source.ts';
import {TwimlError} from './twiml-error.ts';
import {heardOf, runVerb} from './verbs.ts';

/** Ends a call after this many failed documents, so that a broken fallback cannot loop. */
const MAX_FALLBACKS = 5;
/** The sound a caller hears if no document can be run. Twilio's wording differs. */
const NOTICE = '(a notice that an application error has occurred)';
/** Duration of the notice. Simulated milliseconds. */
const NOTICE_MS = 4000;

export interface InterpreterOptions {
  readonly host: TwimlHost;
  readonly call: Call;
}

/** Runs the documents of one call, one after another, until there are no more or the call ends. */
export class Interpreter {
  readonly #host: TwimlHost;
  readonly #call: Call;
  #interrupt = new AbortController();
  #redirect: TwimlSource | null = null;
  #fallbacks = 0;

  constructor({host, call}: InterpreterOptions) {
    this.#host = host;
    this.#call = call;
  }

  /** Interrupts the current document, even within a verb, and runs another one. */
  redirect(source: TwimlSource): void {
    this.#redirect = source;
    this.#interrupt.abort();
  }

  /** Resolves when there is nothing left to run. Rejects with an AbortError when the call has ended. */
  async run(first: TwimlSource): Promise<void> {
    for (let source: TwimlSource | null = first; source !== null; ) {
      this.#interrupt = new AbortController();
      const signal = AbortSignal.any([this.#call.signal, this.#interrupt.signal]);
      let following: TwimlSource | null;
      try {
        following = await this.#runDocument(source, signal);
      } catch (error) {
        if (error instanceof TwimlError) following = await this.#afterFailure(source, error);
        else if (isAbort(error) && this.#redirect !== null && !this.#call.isOver) following = null;
        else throw error;
      }
      // A redirect at the very end of a document still counts.
      source = this.#redirect ?? following;
      this.#redirect = null;
    }
  }

  async #runDocument(source: TwimlSource, signal: AbortSignal): Promise<TwimlSource | null> {
    const host = this.#host;
    const call = this.#call;
    const document = await host.load(call, source, signal);
    signal.throwIfAborted();
    const {connectSeconds = 0} = call.options.scenario;
    if (connectSeconds > 0 && call.options.direction === 'inbound' && call.status === 'ringing') {
      await host.clock.sleep(connectSeconds * 1000, signal);
    }
    const context: VerbContext = {
      host,
      call,
      document,
      source,
      signal,
      runNested: async (verbs, nestedSignal) => {
        await this.#runVerbs(verbs, {...context, signal: nestedSignal}, true);
      },
    };
    const [first] = document.verbs;
    if (first?.name === 'Reject' && call.status === 'ringing') {
      this.#note(first, context, false);
      host.end(call, first.attributes['reason'] === 'busy' ? 'busy' : 'no-answer');
      return null;
    }
    if (first === undefined) host.answer(call);
    const step = await this.#runVerbs(document.verbs, context);
    return step.kind === 'goto' ? step.source : null;
  }

  async #runVerbs(verbs: readonly TwimlElement[], context: VerbContext, nested = false): Promise<Step> {
    for (const verb of verbs) {
      context.signal.throwIfAborted();
      // The first verb answers an inbound call, unless the call keeps ringing until the other side answers.
      const ringsOn = verb.name === 'Dial' && verb.attributes['answerOnBridge'] === 'true';
      if (!ringsOn) this.#host.answer(this.#call);
      this.#note(verb, context, nested);
      const step = await runVerb(verb, context);
      if (step.kind !== 'next') return step;
    }
    context.signal.throwIfAborted();
    return {kind: 'over'};
  }

  #note(verb: TwimlElement, {document}: VerbContext, nested: boolean): void {
    const {name, attributes} = verb;
    const text = textOf(verb);
    const about = {callSid: this.#call.sid, url: document.url, nested};
    this.#host.ran({...about, verb: name, attributes, text, heard: heardOf(verb)});
  }

  /**
   * Reports a failed document to the fallback (Twilio docs: "Availability and Reliability"). Without a
   * fallback the caller hears a notice.
   */
  async #afterFailure(source: TwimlSource, error: TwimlError): Promise<TwimlSource | null> {
    const {url: failedUrl} = source.kind === 'url' ? source : {url: ''};
    const call = this.#call;
    this.#host.log({
      level: 'error',
      event: 'twiml-error',
      code: error.code,
      message: error.message,
      callSid: call.sid,
      ...(source.kind === 'url' ? {requestUrl: source.url, requestMethod: source.method} : {}),
    });
    const {fallback} = call;
    this.#fallbacks += 1;
    if (fallback !== null && failedUrl !== fallback.url && this.#fallbacks <= MAX_FALLBACKS) {
      const params = {ErrorCode: String(error.code), ErrorUrl: failedUrl.replace(/#.*$/, '')};
      return {kind: 'url', url: fallback.url, method: fallback.method, params};
    }
    this.#host.answer(call);
    const about = {callSid: call.sid, url: failedUrl === '' ? null : failedUrl, nested: false};
    this.#host.ran({...about, verb: 'Error', attributes: {}, text: error.message, heard: NOTICE});
    await this.#host.clock.sleep(NOTICE_MS, call.signal);
    return null;
  }
}

/** The text of a Say, or of the elements nested in another verb. */
function textOf({name, text, fullText, children}: TwimlElement): string {
  if (name === 'Say') return fullText;
  return [text, ...children.map((child) => `<${child.name}> ${child.fullText}`.trim())].join(' ').trim();
}
