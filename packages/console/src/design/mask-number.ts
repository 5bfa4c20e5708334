/** Masks a number, `client:` identity or SIP address until the user reveals it. */

const HIDDEN = '•';
/** Digits shown at the start and at the end. */
const [HEAD, TAIL] = [4, 2] as const;

/**
 * `+15550100001` → `+1555•••••01`, `client:alice` → `client:al•••`, `sip:alice@example.com` →
 * `sip:al•••@example.com`.
 */
export function maskNumber(address: string): string {
  const uri = /^(client|sips?):([^@]*)(@.*)?$/su.exec(address);
  if (uri === null) return maskUser(address);
  const [, scheme = '', user = '', host = ''] = uri;
  // A client identity may be an e-mail address. Only in a SIP address is the host not personal.
  return scheme === 'client' ? `client:${maskUser(user + host)}` : `${scheme}:${maskUser(user)}${host}`;
}

function maskUser(user: string): string {
  const number = /^(\+?)([\d ().-]+)$/.exec(user);
  if (number === null) return maskName(user);
  const [plus = '', digits = ''] = [number[1], number[2]?.replaceAll(/\D/g, '')];
  const hidden = digits.length - HEAD - TAIL;
  // The ends of a short code would reveal it.
  if (hidden < 3) return plus + HIDDEN.repeat(Math.max(3, digits.length));
  return plus + digits.slice(0, HEAD) + HIDDEN.repeat(hidden) + digits.slice(-TAIL);
}

function maskName(name: string): string {
  const characters = Array.from(name);
  return characters.length < 5 ? HIDDEN.repeat(3) : characters.slice(0, 2).join('') + HIDDEN.repeat(3);
}
