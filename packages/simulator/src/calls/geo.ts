import type {WebhookParameters} from '../webhooks/signature.ts';

interface Place {
  readonly City: string;
  readonly State: string;
  readonly Zip: string;
  readonly Country: string;
}

/** A few US area codes. For all others the fields are empty, as at Twilio when a lookup finds nothing. */
const AREA_CODES: Readonly<Record<string, Omit<Place, 'Country'>>> = {
  '206': {City: 'SEATTLE', State: 'WA', Zip: '98101'},
  '212': {City: 'NEW YORK', State: 'NY', Zip: '10001'},
  '312': {City: 'CHICAGO', State: 'IL', Zip: '60601'},
  '415': {City: 'SAN FRANCISCO', State: 'CA', Zip: '94105'},
  '512': {City: 'AUSTIN', State: 'TX', Zip: '78701'},
};

/** Longest prefix first. */
const COUNTRIES: readonly (readonly [string, string])[] = [
  ['+353', 'IE'],
  ['+31', 'NL'],
  ['+33', 'FR'],
  ['+34', 'ES'],
  ['+39', 'IT'],
  ['+41', 'CH'],
  ['+43', 'AT'],
  ['+44', 'GB'],
  ['+49', 'DE'],
  ['+61', 'AU'],
  ['+1', 'US'],
];

/**
 * City, State, Zip and Country of From and To, and their legacy names Caller and Called. They are absent for
 * an address that is not a phone number, because there is nothing to look up.
 */
export function geoParameters(from: string, to: string): WebhookParameters {
  return {...fields(['From', 'Caller'], from), ...fields(['To', 'Called'], to)};
}

function fields(prefixes: readonly string[], address: string): WebhookParameters {
  const place = placeOf(address);
  if (place === null) return {};
  return Object.fromEntries(
    prefixes.flatMap((prefix) => Object.entries(place).map(([name, value]) => [`${prefix}${name}`, value])),
  );
}

function placeOf(address: string): Place | null {
  if (!address.startsWith('+')) return null;
  const Country = COUNTRIES.find(([prefix]) => address.startsWith(prefix))?.[1] ?? '';
  const area = Country === 'US' ? AREA_CODES[address.slice(2, 5)] : undefined;
  return {City: area?.City ?? '', State: area?.State ?? '', Zip: area?.Zip ?? '', Country};
}
