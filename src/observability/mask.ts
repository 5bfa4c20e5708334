/** Makes what identifies a person or opens a door safe to show: enough to recognise it, never the whole. */

const MASK = '•••';

/** What {@link maskNumber} makes: masking twice shall not lose the rest. */
const MASKED =
  /^(?:\+\d{1,4}|(?:client|sips?):[^•@]{0,2}|(?:sips?:)\+\d{1,4}|[^•+]{0,2})•••(?:\d{1,4})?(?:@[^•]*)?$/u;

/**
 * A phone number, `client:` identity or SIP address, masked: `+14155551234` → `+1415•••1234`, `client:alice` →
 * `client:al•••`, `sip:alice@example.com` → `sip:al•••@example.com`. Short ones are masked fully.
 */
export function maskNumber(address: string): string {
  if (MASKED.test(address)) return address;
  const uri = /^(client|sips?):([^@]*)(@.*)?$/su.exec(address);
  if (uri !== null) {
    const [, scheme = '', user = '', host = ''] = uri;
    // A client's identity may well be an e-mail address: only SIP addresses have a host that is nobody's name.
    return scheme === 'client' ? `client:${maskText(user + host)}` : `${scheme}:${maskUser(user)}${host}`;
  }
  return maskUser(address);
}

/** A secret shows only that it is there. */
export function maskSecret(secret: string): string;
export function maskSecret(secret: string | undefined): string | undefined;
export function maskSecret(secret: string | undefined): string | undefined {
  return secret === undefined ? undefined : MASK;
}

function maskUser(user: string): string {
  const digits = user.replace(/^\+/, '').replaceAll(/[ ().-]/g, '');
  return /^\d+$/.test(digits) ? maskDigits(digits, user.startsWith('+') ? '+' : '') : maskText(user);
}

/** Hides at least three digits, and all of a number so short that the rest would give it away. */
function maskDigits(digits: string, prefix: string): string {
  const shown = digits.length - 3;
  if (shown < 4) return MASK;
  const tail = Math.min(4, Math.ceil(shown / 2));
  const head = Math.min(4, shown - tail);
  return `${prefix}${digits.slice(0, head)}${MASK}${digits.slice(-tail)}`;
}

function maskText(text: string): string {
  const characters = Array.from(text);
  return characters.length < 5 ? MASK : `${characters.slice(0, 2).join('')}${MASK}`;
}
