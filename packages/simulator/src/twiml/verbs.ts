import {actionSource, numberAttribute} from './attributes.ts';
import {dial} from './dial.ts';
import {gather} from './gather.ts';
import {next, over, type Step, type VerbContext} from './host.ts';
import type {TwimlElement} from './parse-twiml.ts';
import {record} from './record.ts';
import {saySeconds} from './say.ts';
import {pause, waitForever} from './waiting.ts';
import {warn} from './warnings.ts';

/** The duration of a Play. The file itself is never fetched. Simulated seconds. */
const PLAY_SECONDS = 5;

type Verb = (verb: TwimlElement, context: VerbContext) => Promise<Step> | Step;

const VERBS: Readonly<Record<string, Verb>> = {
  Say: async (verb, context) => {
    await pause(context, saySeconds(verb) * loops(verb));
    return next;
  },
  Play: async (verb, context) => {
    const {digits} = verb.attributes;
    await pause(context, digits === undefined ? PLAY_SECONDS * loops(verb) : digits.length / 2);
    return next;
  },
  Pause: async (verb, context) => {
    await pause(context, numberAttribute(verb, 'length', 1));
    return next;
  },
  Hangup: (_verb, {host, call}) => {
    host.end(call, 'completed');
    return over;
  },
  Redirect: (verb, context) => ({kind: 'goto', source: actionSource(context, verb, verb.text, {})}),
  Gather: gather,
  Record: record,
  Dial: dial,
  // The media of these verbs are not simulated. A blocking verb holds the call, the others are skipped.
  Connect: hold,
  Enqueue: hold,
  Start: passOver,
  Stop: passOver,
  Leave: passOver,
  Pay: passOver,
  Prompt: passOver,
  Refer: passOver,
  Sms: passOver,
  Message: passOver,
  Reject: (_verb, context) => {
    warn(context, 'Reject is not the first verb');
    context.host.end(context.call, 'completed');
    return over;
  },
};

/** Runs one verb. An unknown verb causes a schema warning (12200) and is skipped. */
export async function runVerb(verb: TwimlElement, context: VerbContext): Promise<Step> {
  const run = Object.hasOwn(VERBS, verb.name) ? VERBS[verb.name] : undefined;
  if (run !== undefined) return await run(verb, context);
  warn(context, `Schema validation warning: <${verb.name}> is not a TwiML verb. It is skipped.`);
  return next;
}

/** The sound of a verb for the party on the leg. Null for a silent verb. */
export function heardOf({name, attributes, text, fullText}: TwimlElement): string | null {
  if (name === 'Say') return fullText;
  if (name === 'Pause') return `(silence for ${attributes['length'] ?? '1'} s)`;
  if (name === 'Record') return attributes['playBeep'] === 'false' ? null : '(beep)';
  if (name !== 'Play') return null;
  return attributes['digits'] === undefined ? `(plays ${text})` : `(tones ${attributes['digits']})`;
}

async function hold(verb: TwimlElement, context: VerbContext): Promise<Step> {
  warn(context, `<${verb.name}> is not simulated. The call waits in it until it is ended or redirected.`);
  return await waitForever(context);
}

function passOver(verb: TwimlElement, context: VerbContext): Step {
  const inside = verb.children.map(({name}) => `<${name}>`).join('');
  warn(context, `<${verb.name}>${inside} is not simulated. It is skipped.`);
  return next;
}

/** `loop="0"` repeats until the call ends. */
function loops(verb: TwimlElement): number {
  const times = numberAttribute(verb, 'loop', 1);
  return times === 0 ? Number.POSITIVE_INFINITY : times;
}
