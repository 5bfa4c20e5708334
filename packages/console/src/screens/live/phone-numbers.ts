/**
 * Converts typed numbers to E.164. It is a chunk of its own, because the numbering plans of all countries are
 * large. The dial form loads it, so it must not import from the form.
 */
import {
  type CountryCode,
  ParseError,
  type PhoneNumber,
  parsePhoneNumberWithError,
  validatePhoneNumberLength,
} from 'libphonenumber-js/min';
import type {NumberReader} from './dial-request.ts';

export interface NumberReaderOptions {
  /** The gateway's number, E.164. Numbers without a country code are read as numbers of its country. */
  readonly ownNumber: string;
  /** Twilio is simulated: numbers are fictitious and need only a valid length. */
  readonly simulated: boolean;
}

/** The library's error codes as the end of a sentence. */
const lengthFaults: Readonly<Record<string, string>> = {
  TOO_SHORT: 'is too short',
  TOO_LONG: 'is too long',
  INVALID_LENGTH: 'does not have the length of a number',
};

const regionNames = new Intl.DisplayNames('en', {type: 'region'});

export function createNumberReader({ownNumber, simulated}: NumberReaderOptions): NumberReader {
  const home = countryOf(ownNumber);
  const whole = home === undefined ? 'the whole number' : `the whole number (${regionNames.of(home)})`;
  return (text) => {
    const number = parse(text.trim(), home);
    if (number === 'NOT_A_NUMBER') return undefined;
    if (number === 'INVALID_COUNTRY')
      return fault('No country has this code. Enter + and the country code, such as +1.');
    const length = typeof number === 'string' ? number : validatePhoneNumberLength(number.number);
    if (length !== undefined || typeof number === 'string') {
      const words = lengthFaults[length ?? ''] ?? 'cannot be read';
      return fault(`The number ${words}. Enter ${whole}, or + and the country code.`);
    }
    if (number.ext !== undefined)
      return fault(`Extensions cannot be dialed. Remove the extension ${number.ext}.`);
    // Without a country code the country is a guess; a number that is invalid there probably belongs to
    // another country.
    if (!simulated && home !== undefined && !/^\s*\+/.test(text) && !number.isValid()) {
      const country = regionNames.of(number.country ?? home);
      return fault(`This is not a number of the country (${country}). Enter + and the country code.`);
    }
    return {kind: 'number', value: number.number, shown: shownAs(number)};
  };
}

function fault(message: string): ReturnType<NumberReader> {
  return {kind: 'fault', message};
}

/** The number, or the library's error code if the text is not a number. */
function parse(text: string, home: CountryCode | undefined): PhoneNumber | string {
  try {
    // `extract: false`: the whole text must be a number.
    return parsePhoneNumberWithError(text, {
      extract: false,
      ...(home !== undefined && {defaultCountry: home}),
    });
  } catch (error) {
    if (error instanceof ParseError) return error.message;
    throw error;
  }
}

function countryOf(number: string): CountryCode | undefined {
  const read = parse(number, undefined);
  if (typeof read === 'string') return undefined;
  // An unassigned number, such as +1 555, has no country. The main country of its code comes first.
  return read.country ?? read.getPossibleCountries()[0];
}

/** `+1 415 555 0100 (United States)`. */
function shownAs(number: PhoneNumber): string {
  const country = number.country === undefined ? '' : ` (${regionNames.of(number.country)})`;
  return number.formatInternational() + country;
}
