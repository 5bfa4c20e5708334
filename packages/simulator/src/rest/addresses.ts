import {badRequest} from './api-error.ts';

/** Numbers that always fail (Twilio docs: "Test Credentials"). */
const MAGIC_TO: Readonly<Record<string, (to: string) => Error>> = {
  '+15005550001': (to) =>
    badRequest(21217, `The phone number you are attempting to call, ${to}, is not valid.`),
  '+15005550002': (to) =>
    badRequest(21214, `The phone number you are attempting to call, ${to}, cannot be reached.`),
  '+15005550003': (to) =>
    badRequest(
      21215,
      `Account not authorized to call ${to}. Perhaps you need to enable some international permissions: https://www.twilio.com/console/voice/calls/geo-permissions/low-risk`,
    ),
  '+15005550004': (to) =>
    badRequest(21216, `The phone number you are attempting to call, ${to}, is on the block list.`),
};
/** The only magic From number that works. */
export const MAGIC_FROM = '+15005550006';
const MAGIC_INVALID_FROM = '+15005550001';

const KEYPAD = ['abc', 'def', 'ghi', 'jkl', 'mno', 'pqrs', 'tuv', 'wxyz'];

/** Normalizes the called address. Throws 21201, 21211 or the error of a magic number. */
export function calledAddress(to: string): string {
  if (to === '') throw badRequest(21201, "No 'To' number is specified");
  if (isClient(to) || isSip(to)) return to;
  const number = e164(keypadDigits(to));
  if (number === null) {
    throw badRequest(21211, `The phone number you are attempting to call, ${to}, is not valid.`);
  }
  const fail = MAGIC_TO[number];
  if (fail !== undefined) throw fail(number);
  return number;
}

/** Normalizes the calling address. Throws 21213 or 21212, or 21210 if the account may not use it. */
export function callingAddress(from: string, to: string, isOwned: (number: string) => boolean): string {
  if (from === '') throw badRequest(21213, "No 'From' number is specified");
  // Only a phone number can call another phone number.
  if (isClient(from) && !to.startsWith('+')) return from;
  const number = /^[+\d\s().-]+$/.test(from) ? e164(from) : null;
  if (number === null && /^\+?[\d\s().-]*$/.test(from)) throw invalidFrom(from);
  if (number === MAGIC_INVALID_FROM) throw invalidFrom(number);
  if (number !== null && (number === MAGIC_FROM || isOwned(number))) return number;
  throw badRequest(
    21210,
    `The source phone number provided, ${from}, is not yet verified for your account. You may only make calls from phone numbers that you've verified or purchased from Twilio.`,
  );
}

function invalidFrom(from: string): Error {
  return badRequest(21212, `From is not a valid phone number: ${from}`);
}

function isClient(address: string): boolean {
  return /^client:.{1,256}$/.test(address);
}

function isSip(address: string): boolean {
  return /^sips?:[^@\s]+@[^@\s]+$/.test(address);
}

/** Replaces letters by the keys they are printed on. */
function keypadDigits(text: string): string {
  return text.replace(/[a-z]/gi, (letter) =>
    String(KEYPAD.findIndex((keys) => keys.includes(letter.toLowerCase())) + 2),
  );
}

/** Normalizes a number to E.164, or returns null. Ten digits without a prefix are a North American number. */
export function e164(text: string): string | null {
  const bare = text.replace(/[\s().-]/g, '');
  const number = bare.startsWith('+') ? bare : `+${bare.length === 10 ? '1' : ''}${bare}`;
  if (!/^\+[1-9]\d{7,14}$/.test(number)) return null;
  return number.startsWith('+1') && number.length !== 12 ? null : number;
}
