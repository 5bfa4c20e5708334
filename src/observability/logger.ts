/**
 * The log: JSON lines on stdout, formatted in a terminal. No secret and no complete phone number may leave
 * the process, however it is logged. Redaction works on the finished line, which combines child bindings,
 * messages, stacks and serialized objects. Predefined paths (pino's `redact`) would miss values that are
 * nested one level deeper than expected. Most lines contain nothing suspicious and cost a single check.
 */
import {type LevelWithSilent, type Logger, pino} from 'pino';
import {prettyFactory} from 'pino-pretty';
import {MASK, maskNumber, maskText} from '../mask.ts';

export type {Logger} from 'pino';

export interface LoggerOptions {
  readonly level: LevelWithSilent;
  /**
   * Receives whole lines. @default stdout, written synchronously, so that the last line before a crash is not
   * lost
   */
  readonly destination?: {write(line: string): unknown};
  /** Formats lines for people. @default true if stdout is the destination and a terminal */
  readonly pretty?: boolean;
  /** Values that must never appear, in any format: tokens, the access key. */
  readonly secrets?: readonly (string | undefined)[];
}

/** Creates the logger of the process. */
export function createLogger({level, destination, pretty, secrets = []}: LoggerOptions): Logger {
  const out = destination ?? pino.destination({dest: 1, sync: true});
  const readable = pretty ?? (destination === undefined && process.stdout.isTTY === true);
  // Also removes control characters, because a caller's name may contain escape sequences for the terminal.
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

/** Keys whose values are secrets. Compared without case, `-` and `_`, so that headers match as well. */
const secretKey =
  /(?:tokens?|secrets?|passwords?|authorization|cookies?|signature|accesskey|apikey|websocketprotocol|credentials?)$/;

/** Keys whose values are phone numbers and addresses of people. */
const numberKey =
  /^(?:from|to|caller|called|callerid|callername|forwardedfrom|connectto|destination|phone|number|phonenumber|twiliophonenumber|fromformatted|toformatted)$/;

/** The same keys and patterns in a raw line. Only a matching line has to be parsed. */
const suspiciousLine =
  /\+|%2b|:\/\/[^\s@]{0,300}@|bearer|basic|eyJ|authorization|cookie|protocol|token|secret|passw|credential|key|signature|=|phone|number|call|from|destination|connect|\bto\b/i;

function createScrubber(values: readonly (string | undefined)[]): (line: string) => string {
  const secrets = values
    // Shorter values are not secrets and would mask most of every line.
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
      // The line is not JSON. It is masked as text, because an unreadable line is better than a leak.
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

/** Raw headers are lists of alternating names and values. */
function scrubItem(before: unknown, item: unknown, scrubText: (text: string) => string): unknown {
  const isHeader = typeof before === 'string' && before.length <= 64 && secretKey.test(bare(before));
  return isHeader ? MASK : scrub(item, scrubText);
}

function scrubKeyed(key: string, value: unknown, scrubText: (text: string) => string): unknown {
  const name = bare(key);
  if (secretKey.test(name)) return isBlank(value) ? value : MASK;
  if (!numberKey.test(name)) return scrub(value, scrubText);
  if (Array.isArray(value)) return value.map((item) => scrubKeyed(key, item, scrubText));
  // Small numbers are other values, such as offsets.
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
 * The relevant fields of an error: name, message, stack, codes, context, causes. Not all of its properties,
 * because errors of HTTP clients contain the whole request.
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
