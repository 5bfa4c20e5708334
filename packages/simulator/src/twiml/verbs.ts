import {actionSource, numberAttribute} from './attributes.ts';
import {dial} from './dial.ts';
import {gather} from './gather.ts';
import {next, over, type Step, type VerbContext} from './host.ts';
import type {TwimlElement} from './parse-twiml.ts';
import {record} from './record.ts';
import {pause, unlessAborted} from './waiting.ts';

/** Characters of a Say spoken in a second. */
const SPEECH_RATE = 15;
/** How long a Play lasts; the file itself is never fetched. Simulated seconds. */
const PLAY_SECONDS = 5;

type Verb = (verb: TwimlElement, context: VerbContext) => Promise<Step> | Step;

const VERBS: Readonly<Record<string, Verb>> = {
  Say: async (verb, context) => {
    await pause(context, Math.max(0.5, verb.text.length / SPEECH_RATE) * loops(verb));
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
  // Their media are not simulated: a blocking one holds the call, the others are passed over.
  Connect: hold,
  Enqueue: hold,
  Start: () => next,
  Stop: () => next,
  Reject: (_verb, {host, call}) => {
    host.log({
      level: 'warning',
      event: 'twiml-warning',
      code: 12200,
      message: 'Reject is not the first verb',
      callSid: call.sid,
    });
    host.end(call, 'completed');
    return over;
  },
};

/** Runs one verb. An unknown one is a schema warning (12200) and is passed over. */
export async function runVerb(verb: TwimlElement, context: VerbContext): Promise<Step> {
  const run = Object.hasOwn(VERBS, verb.name) ? VERBS[verb.name] : undefined;
  if (run !== undefined) return await run(verb, context);
  const {host, call} = context;
  const message = `Schema validation warning: <${verb.name}> is not simulated`;
  host.log({level: 'warning', event: 'twiml-warning', code: 12200, message, callSid: call.sid});
  return next;
}

async function hold(_verb: TwimlElement, {signal}: VerbContext): Promise<Step> {
  return await unlessAborted(new Promise<never>(() => {}), signal);
}

/** `loop="0"` goes on until the call ends. */
function loops(verb: TwimlElement): number {
  const times = numberAttribute(verb, 'loop', 1);
  return times === 0 ? Number.POSITIVE_INFINITY : times;
}
