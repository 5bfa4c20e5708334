/** Masks personal data and secrets, so that they can be recognized but never read completely. */

/** Replaces hidden text. Its length is constant. */
export const MASK = '•••';

/** A result of {@link maskNumber}, so that masking twice does not hide more. */
const MASKED =
  /^(?:\+\d{1,4}|(?:client|sips?):[^•@]{0,2}|(?:sips?:)\+\d{1,4}|[^•+]{0,4})•••(?:\d{1,4})?(?:@[^•]*•{0,3})?$/u;

/**
 * A phone number, `client:` identity or SIP address, masked: `+14155551234` → `+1415•••1234`, `client:alice`
 * → `client:al•••`, `sip:alice@example.com` → `sip:al•••@example.com`. Short ones are masked completely. So are the parameters
 * and headers of a SIP address, because they may contain anything.
 */
export function maskNumber(address: string): string {
  if (MASKED.test(address)) return address;
  const uri = /^(client|sips?):([^@]*)(@.*)?$/su.exec(address);
  if (uri === null) return maskUser(address);
  const [, scheme = '', user = '', host = ''] = uri;
  // A client's identity may be an e-mail address. Only SIP addresses have a host that is not personal.
  if (scheme === 'client') return `client:${maskUser(user + host)}`;
  const more = host.search(/[;?]/);
  return `${scheme}:${maskUser(user)}${more === -1 ? host : host.slice(0, more) + MASK}`;
}

/** Shows only whether a secret is set. */
export function maskSecret(secret: string): string;
export function maskSecret(secret: string | undefined): string | undefined;
export function maskSecret(secret: string | undefined): string | undefined {
  return secret === undefined ? undefined : MASK;
}

/**
 * Patterns of secrets and phone numbers in running text, and their replacements. They complement redaction by
 * key, because messages, stacks, URLs and quoted headers contain such values without a key. All patterns take
 * linear time, because the text may contain a stranger's header or caller name.
 */
const patterns: readonly (readonly [RegExp, string | ((...matches: string[]) => string)])[] = [
  [/hookswitch\.bearer\.[^\s"',;]+/gi, `hookswitch.bearer.${MASK}`],
  // User and password in a URL, as in the messages of some database services.
  [/(:\/\/[^\s/:@"'<>]{0,256}:)[^\s@"'<>]{1,1024}@/g, `$1${MASK}@`],
  // The values of these headers may contain spaces, so everything up to the end of the line is masked.
  [
    /\b((?:proxy-)?authorization|(?:set-)?cookie|sec-websocket-protocol)(["'\\]*\s*[:=,]\s*)[^\n]+/gi,
    `$1$2${MASK}`,
  ],
  [/\b(bearer["'\\]*[\s:=]+["'\\]*)[^\s"',;]+/gi, `$1${MASK}`],
  [/\b(basic\s+)[A-Za-z0-9+/_-]{8,}={0,2}/gi, `$1${MASK}`],
  [
    /((?:token|secret|password|passwd|access[_-]?key|api[_-]?key|signature)(?:["'\\]*\s*[:=]\s*["'\\]*|%3D))[^\s"'&,;]+/gi,
    `$1${MASK}`,
  ],
  [/(?<![\w-])eyJ[\w-]{5,}\.[\w-]+\.[\w-]*/g, MASK], // JSON web token
  [/(?<![A-Za-z0-9+/=])[A-Za-z0-9+/]{27}=(?![A-Za-z0-9+/=])/g, MASK], // a SHA-1, such as X-Twilio-Signature's
  // Numbers without + in a known field. In queries the plus sign often becomes a space.
  [
    /\b((?:from|to|caller|called|forwardedfrom)["'\\]*\s*[:=]\s*["'\\]*(?:%20)?)(\d{7,15})\b/gi,
    (_, name = '', number = '') => `${name}${maskNumber(number)}`,
  ],
  [
    /(?:\+|%2B|\\u002b)(?:[ ().-]{0,2}\d){7,15}/gi,
    (match = '') => maskNumber(`+${match.replace(/^(?:\+|%2b|\\u002b)/i, '')}`),
  ],
];

/** A fast check whether {@link maskText} could change anything. */
const suspicious =
  /\+|\d{7}|%2b|:\/\/[^\s@]{0,300}@|bearer|basic|eyJ|authorization|cookie|protocol|token|secret|passw|key|signature|=(?![A-Za-z0-9+/=])/i;

/** Masks phone numbers, tokens and signatures in running text. */
export function maskText(text: string): string {
  if (!suspicious.test(text)) return text;
  return patterns.reduce(
    // Two calls, because TypeScript has no overload for `string | function`.
    (masked, [pattern, by]) =>
      typeof by === 'string' ? masked.replace(pattern, by) : masked.replace(pattern, by),
    text,
  );
}

function maskUser(user: string): string {
  const digits = user.replace(/^\+/, '').replaceAll(/[ ().-]/g, '');
  return /^\d+$/.test(digits) ? maskDigits(digits, user.startsWith('+') ? '+' : '') : maskName(user);
}

/** Hides at least three digits, and all digits of a short number. */
function maskDigits(digits: string, prefix: string): string {
  const shown = digits.length - 3;
  if (shown < 4) return MASK;
  const tail = Math.min(4, Math.ceil(shown / 2));
  const head = Math.min(4, shown - tail);
  return `${prefix}${digits.slice(0, head)}${MASK}${digits.slice(-tail)}`;
}

function maskName(name: string): string {
  const characters = Array.from(name);
  return characters.length < 5 ? MASK : `${characters.slice(0, 2).join('')}${MASK}`;
}
