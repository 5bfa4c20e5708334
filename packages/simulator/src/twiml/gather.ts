import {actionOrSelf, numberAttribute} from './attributes.ts';
import {next, type Step, type VerbContext} from './host.ts';
import type {TwimlElement} from './parse-twiml.ts';
import {pause, readKey} from './waiting.ts';

/** The far end needs a moment before it presses or speaks. Simulated seconds. */
const REACTION_SECONDS = 1;

/** Gather: plays what is nested, listens, and goes on at `action` when there was input. */
export async function gather(verb: TwimlElement, context: VerbContext): Promise<Step> {
  await context.runNested(verb.children);
  const {input = 'dtmf', actionOnEmptyResult = 'false'} = verb.attributes;
  const params = await listen(verb, context, input.split(/\s+/));
  if (params === null && actionOnEmptyResult !== 'true') return next;
  const source = actionOrSelf(context, verb, params ?? {Digits: ''});
  return source === null ? next : {kind: 'goto', source};
}

async function listen(verb: TwimlElement, context: VerbContext, input: readonly string[]) {
  const {call} = context;
  const timeout = verb.attributes['timeout'] === 'auto' ? 5 : numberAttribute(verb, 'timeout', 5);
  if (input.includes('speech')) {
    const spoken = call.speech.shift();
    if (spoken !== undefined) {
      await pause(context, REACTION_SECONDS);
      return {SpeechResult: spoken, Confidence: '0.9'};
    }
  }
  if (!input.includes('dtmf')) {
    await pause(context, timeout);
    return null;
  }
  if (call.keypad.hasScript) {
    await pause(context, Math.min(REACTION_SECONDS, timeout));
    call.keypad.playScript();
  }
  return await readDigits(verb, context, timeout);
}

async function readDigits(verb: TwimlElement, context: VerbContext, timeout: number) {
  const numDigits = numberAttribute(verb, 'numDigits', Number.POSITIVE_INFINITY);
  const finishOnKey = verb.attributes['finishOnKey'] ?? '#';
  let digits = '';
  for (;;) {
    const key = await readKey(context, timeout);
    if (key === null) return digits === '' ? null : {Digits: digits};
    if (finishOnKey.includes(key)) return {Digits: digits};
    digits += key;
    if (digits.length >= numDigits) return {Digits: digits};
  }
}
