/**
 * The log: JSON lines on stdout, readable in a terminal. Whatever is logged, and however, no secret and no whole
 * phone number leaves the process. Redaction works on the finished line, where bindings of child loggers, messages,
 * stacks and what serializers made of objects have come together: paths given beforehand (pino's `redact`) miss
 * whatever is nested one level deeper than somebody thought. Most lines hold nothing suspicious and cost one look.
 */
import {type LevelWithSilent, type Logger, pino} from 'pino';
import {prettyFactory} from 'pino-pretty';
import {MASK, maskNumber, maskText} from '../mask.ts';

export type {Logger} from 'pino';

export interface LoggerOptions {
  readonly level: LevelWithSilent;
  /** Gets whole lines. @default stdout, written synchronously: the line before a crash is there */
  readonly destination?: {write(line: string): unknown};
  /** For people instead of programs. @default when stdout is the destination and a terminal */
  readonly pretty?: boolean;
  /** Values that must not appear anywhere, whatever they look like: tokens, the access key. */
  readonly secrets?: readonly (string | undefined)[];
}

/** A logger for the whole process. */
export function createLogger({level, destination, pretty, secrets = []}: LoggerOptions): Logger {
  const out = destination ?? pino.destination({dest: 1, sync: true});
  const readable = pretty ?? (destination === undefined && process.stdout.isTTY === true);
  // It also strips control characters: a caller's name may hold escape sequences, which would steer the terminal.
  const format = prettyFactory({colorize: destination === undefined, translateTime: 'SYS:HH:MM:ss.l'});
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: {level: (label) => ({level: label})},
      serializers: {err: serializeError, error: serializeError, cause: serializeError},
      hooks: {streamWrite: createScrubber(secrets)},
    },
    {write: (line: string) => void out.write(readable ? format(line) : line)},
  );
}

/** Values of these are secrets, whatever they are; compared without case, `-` and `_`, so that headers match too. */
const secretKey =
  /(?:tokens?|secrets?|passwords?|authorization|cookies?|signature|accesskey|apikey|websocketprotocol|credentials?)$/;

/** Values of these are numbers and addresses of people. */
const numberKey =
  /^(?:from|to|caller|called|callerid|callername|forwardedfrom|connectto|destination|phone|number|phonenumber|twiliophonenumber|fromformatted|toformatted)$/;

/** The same, as they appear in a line; for the look that decides whether it must be taken apart. */
const suspiciousLine =
  /\+|%2b|:\/\/[^\s@]{0,300}@|bearer|basic|eyJ|authorization|cookie|protocol|token|secret|passw|credential|key|signature|=|phone|number|call|from|destination|connect|\bto\b/i;

function createScrubber(values: readonly (string | undefined)[]): (line: string) => string {
  const secrets = values
    // Shorter ones are no secrets, and would turn every line into dots.
    .filter((value): value is string => value !== undefined && value.length >= 4)
    .flatMap((value) => [value, encodeURIComponent(value), JSON.stringify(value).slice(1, -1)])
    .sort((a, b) => b.length - a.length);
  const scrubText = (text: string) =>
    maskText(secrets.reduce((rest, secret) => rest.replaceAll(secret, MASK), text));
  return (line) => {
    if (!suspiciousLine.test(line) && !secrets.some((secret) => line.includes(secret))) return line;
    try {
      return `${JSON.stringify(scrub(JSON.parse(line), scrubText))}\n`;
    } catch {
      // Not JSON after all: better a line that is hard to read than one that tells too much.
      return `${JSON.stringify({level: 'error', msg: scrubText(line)})}\n`;
    }
  };
}

function scrub(value: unknown, scrubText: (text: string) => string): unknown {
  if (typeof value === 'string') return scrubText(value);
  if (Array.isArray(value)) return value.map((item, at) => scrubItem(value[at - 1], item, scrubText));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, held]) => [scrubText(key), scrubKeyed(key, held, scrubText)]),
  );
}

/** Raw headers are lists of names and values in turn. */
function scrubItem(before: unknown, item: unknown, scrubText: (text: string) => string): unknown {
  const isHeader = typeof before === 'string' && before.length <= 64 && secretKey.test(bare(before));
  return isHeader ? MASK : scrub(item, scrubText);
}

function scrubKeyed(key: string, value: unknown, scrubText: (text: string) => string): unknown {
  const name = bare(key);
  if (secretKey.test(name)) return isBlank(value) ? value : MASK;
  if (!numberKey.test(name)) return scrub(value, scrubText);
  if (Array.isArray(value)) return value.map((item) => scrubKeyed(key, item, scrubText));
  // Short numbers are something else: offsets, states.
  if (typeof value === 'number') return value >= 1e6 ? maskNumber(String(value)) : value;
  return typeof value === 'string' ? scrubText(maskNumber(value)) : scrub(value, scrubText);
}

function bare(key: string): string {
  return key.replaceAll(/[-_.\s]/g, '').toLowerCase();
}

function isBlank(value: unknown): boolean {
  return value === null || value === '' || typeof value === 'boolean';
}

/**
 * An error's own story: name, message, stack, codes, context, causes. Not everything that hangs on it: an HTTP
 * client's errors carry the whole request.
 */
function serializeError(error: unknown, depth = 0): unknown {
  if (!(error instanceof Error)) return error;
  const {code, status, context, details, cause, errors} = error as Error & Record<string, unknown>;
  const known = {
    type: error.name,
    message: error.message,
    code,
    status,
    context,
    details,
    stack: error.stack,
  };
  const nested =
    depth >= 5 ? {} : {cause: serializeNested(cause, depth), errors: serializeNested(errors, depth)};
  return {...known, ...nested};
}

function serializeNested(value: unknown, depth: number): unknown {
  return Array.isArray(value)
    ? value.slice(0, 10).map((item) => serializeError(item, depth + 1))
    : serializeError(value, depth + 1);
}
