import type {TwimlElement} from './parse-twiml.ts';

/** Speaking speed of a Say in characters per second. */
const SPEECH_RATE = 15;
/** Length of a `<break>` without `time`, by strength (names from W3C SSML, values chosen here). Seconds. */
const BREAK_SECONDS: Readonly<Record<string, number>> = {
  none: 0,
  'x-weak': 0.1,
  weak: 0.25,
  medium: 0.5,
  strong: 1,
  'x-strong': 1.5,
};
/** Maximum length of a `<break>` (Twilio docs: "Text-to-Speech", break). Seconds. */
const MAX_BREAK_SECONDS = 10;
/** Speed factors of the names in `<prosody rate>`. */
const RATES: Readonly<Record<string, number>> = {
  'x-slow': 0.5,
  slow: 0.75,
  medium: 1,
  fast: 1.25,
  'x-fast': 1.5,
};

/** The duration of a Say, including SSML. Simulated seconds. */
export function saySeconds(verb: TwimlElement): number {
  const breaks = breakSeconds(verb);
  const spoken = spokenSeconds(verb, 1);
  return breaks + (breaks > 0 ? spoken : Math.max(0.5, spoken));
}

/** The duration of a spoken text. Simulated seconds. */
export function speechSeconds(text: string): number {
  return Math.max(0.5, text.length / SPEECH_RATE);
}

function spokenSeconds(element: TwimlElement, rate: number): number {
  const ownRate = element.name === 'prosody' ? rate * rateOf(element.attributes['rate']) : rate;
  const alias = element.name === 'sub' ? element.attributes['alias'] : undefined;
  const own = (alias ?? element.text).length / SPEECH_RATE / ownRate;
  if (alias !== undefined) return own;
  return element.children.reduce((sum, child) => sum + spokenSeconds(child, ownRate), own);
}

function breakSeconds({name, attributes, children}: TwimlElement): number {
  const own = name === 'break' ? breakLength(attributes) : 0;
  return children.reduce((sum, child) => sum + breakSeconds(child), own);
}

/** Parses `3s`, `250ms` or a strength. `time` takes precedence over `strength`. */
function breakLength({time, strength = 'medium'}: Readonly<Record<string, string>>): number {
  const [, amount, unit] = /^\s*(\d+(?:\.\d+)?)(ms|s)\s*$/.exec(time ?? '') ?? [];
  if (amount === undefined) return BREAK_SECONDS[strength] ?? 0.5;
  return Math.min(Number(amount) / (unit === 'ms' ? 1000 : 1), MAX_BREAK_SECONDS);
}

function rateOf(rate: string | undefined): number {
  if (rate === undefined) return 1;
  const [, percent] = /^(\d+(?:\.\d+)?)%$/.exec(rate) ?? [];
  const factor = percent === undefined ? (RATES[rate] ?? 1) : Number(percent) / 100;
  return Math.min(Math.max(factor, 0.2), 5);
}
