/** What of a number, `client:` identity or SIP address is shown until somebody asks for the whole. */

const HIDDEN = '•';
/** Of a number, shown at its ends. */
const [HEAD, TAIL] = [4, 2] as const;

/** `+15550100001` → `+1555•••••01`, `client:alice` → `client:al•••`, `sip:alice@example.com` → `sip:al•••@example.com`. */
export function maskNumber(address: string): string {
  const uri = /^(client|sips?):([^@]*)(@.*)?$/su.exec(address);
  if (uri === null) return maskUser(address);
  const [, scheme = '', user = '', host = ''] = uri;
  // A client's identity may well be an e-mail address: only SIP addresses have a host that is nobody's name.
  return scheme === 'client' ? `client:${maskUser(user + host)}` : `${scheme}:${maskUser(user)}${host}`;
}

function maskUser(user: string): string {
  const number = /^(\+?)([\d ().-]+)$/.exec(user);
  if (number === null) return maskName(user);
  const [plus = '', digits = ''] = [number[1], number[2]?.replaceAll(/\D/g, '')];
  const hidden = digits.length - HEAD - TAIL;
  // A short code is given away by its ends.
  if (hidden < 3) return plus + HIDDEN.repeat(Math.max(3, digits.length));
  return plus + digits.slice(0, HEAD) + HIDDEN.repeat(hidden) + digits.slice(-TAIL);
}

function maskName(name: string): string {
  const characters = Array.from(name);
  return characters.length < 5 ? HIDDEN.repeat(3) : characters.slice(0, 2).join('') + HIDDEN.repeat(3);
}
