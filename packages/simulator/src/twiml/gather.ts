import {isAbort} from '../clock.ts';
import {actionOrSelf, numberAttribute} from './attributes.ts';
import {next, type Step, type VerbContext} from './host.ts';
import type {TwimlElement} from './parse-twiml.ts';
import {onInput, pause, readInput, type Wanted} from './waiting.ts';
import {warn} from './warnings.ts';

/** The reaction time of the far end before it presses or speaks. Simulated seconds. */
const REACTION_SECONDS = 1;
/** Verbs that can be nested in a Gather. */
const PROMPTS: readonly string[] = ['Say', 'Play', 'Pause'];

/** The input, as parameters of `action`. */
interface Gathered {
  readonly isEmpty: boolean;
  readonly params: Readonly<Record<string, string>>;
}

/** Gather: plays the nested verbs until there is input, listens, and requests `action` if there was input. */
export async function gather(verb: TwimlElement, context: VerbContext): Promise<Step> {
  const {input = 'dtmf', actionOnEmptyResult = 'false'} = verb.attributes;
  const names = input.split(/\s+/);
  const wanted = {keys: names.includes('dtmf'), speech: names.includes('speech')};
  await prompt(verb, context, wanted);
  const {isEmpty, params} = await listen(verb, context, wanted);
  if (isEmpty && actionOnEmptyResult !== 'true') return next;
  const source = actionOrSelf(context, verb, params);
  return source === null ? next : {kind: 'goto', source};
}

/** Plays the nested verbs. The first key stops them, and so does speech unless `bargeIn` is false. */
async function prompt(verb: TwimlElement, context: VerbContext, {keys, speech}: Wanted): Promise<void> {
  for (const {name} of verb.children) {
    if (!PROMPTS.includes(name)) warn(context, `<${name}> cannot be nested in <Gather>. It is skipped.`);
  }
  const barged = new AbortController();
  const wanted = {keys, speech: speech && verb.attributes['bargeIn'] !== 'false'};
  const stop = onInput(context, wanted, () => barged.abort());
  try {
    const signal = AbortSignal.any([context.signal, barged.signal]);
    await context.runNested(
      verb.children.filter(({name}) => PROMPTS.includes(name)),
      signal,
    );
  } catch (error) {
    if (context.signal.aborted || !isAbort(error)) throw error;
  } finally {
    stop();
  }
}

async function listen(verb: TwimlElement, context: VerbContext, wanted: Wanted): Promise<Gathered> {
  const {call} = context;
  const timeout = verb.attributes['timeout'] === 'auto' ? 5 : numberAttribute(verb, 'timeout', 5);
  const speaks = wanted.speech && call.voice.hasScript && !call.voice.hasPending;
  const presses = wanted.keys && call.keypad.hasScript && !call.keypad.hasPending;
  if (speaks || presses) {
    await pause(context, Math.min(REACTION_SECONDS, timeout));
    if (speaks) call.voice.playScript();
    else call.keypad.playScript();
  }
  return await collect(verb, context, {wanted, timeout});
}

async function collect(
  verb: TwimlElement,
  context: VerbContext,
  {wanted, timeout}: {readonly wanted: Wanted; readonly timeout: number},
): Promise<Gathered> {
  const numDigits = numberAttribute(verb, 'numDigits', Number.POSITIVE_INFINITY);
  const finishOnKey = verb.attributes['finishOnKey'] ?? '#';
  const pressed = (digits: string, key: string): Gathered => ({
    // The finishing key alone does not count as input (Twilio docs: `<Gather>`, action).
    isEmpty: digits === '',
    params: wanted.keys ? {Digits: digits, FinishedOnKey: key, msg: 'Gather End'} : {},
  });
  let digits = '';
  for (;;) {
    // After the first key, only keys count.
    const input = await readInput(context, timeout, digits === '' ? wanted : {keys: true, speech: false});
    if (input === null) return pressed(digits, '');
    if (input.kind === 'speech') {
      return {isEmpty: false, params: {SpeechResult: input.text, Confidence: '0.9'}};
    }
    if (finishOnKey.includes(input.key)) return pressed(digits, input.key);
    digits += input.key;
    if (digits.length >= numDigits) return pressed(digits, '');
  }
}
