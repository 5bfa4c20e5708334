/** Computes the palette's items for a query. */
import type {CallState} from '@hookswitch/client';
import type {PageCommand} from './page-commands.ts';
import type {Shortcut} from './shortcut-registry.ts';

export interface PaletteItem {
  readonly id: string;
  readonly section: 'Calls' | 'Commands' | 'History';
  readonly label: string;
  /** The live call whose status is shown. */
  readonly call?: CallState;
  /** The shortcut of the command, if it has one. */
  readonly keys?: string;
  readonly action: PaletteAction;
}

export type PaletteAction =
  | {readonly kind: 'go'; readonly path: string}
  | {readonly kind: 'run'; readonly run: () => void};

export interface PaletteInput {
  readonly query: string;
  readonly calls: readonly CallState[];
  readonly shortcuts: readonly Shortcut[];
  /** Commands without a key: those of the page, then those of the console. */
  readonly commands: readonly PageCommand[];
  /** The key may place calls. */
  readonly mayDial: boolean;
}

/** Must equal the label of the shortcut on the live screen. */
export const DIAL = 'Dial a number';
const MAX_CALLS = 8;
/** A shorter query would match nearly everything. */
const MIN_SEARCH = 3;
const SID = /^CA[0-9a-f]{32}$/i;
/** A number with the separators that people type. */
const NUMBER = /^\+?\d[\d ().-]{5,}$/;

/** Enter activates the first item. The number of calls is limited to what fits on the screen. */
export function paletteItems(input: PaletteInput): PaletteItem[] {
  const query = input.query.trim();
  return [...callItems(query, input), ...commandItems(query, input), ...searchItems(query)];
}

function callItems(query: string, {calls, mayDial}: PaletteInput): PaletteItem[] {
  const items: PaletteItem[] = calls
    .filter((call) => query.length >= MIN_SEARCH && mentions(call, query))
    .slice(0, MAX_CALLS)
    .map((call) => ({
      id: `call ${call.callSid}`,
      section: 'Calls',
      label: call.callSid,
      call,
      action: {kind: 'go', path: `/calls/${call.callSid}`},
    }));
  const number = plainNumber(query);
  if (SID.test(query) && !items.some(({label}) => label === query)) {
    items.push(goTo('Calls', `Open call ${query}`, `/calls/${query}`));
  }
  if (mayDial && NUMBER.test(query) && number.startsWith('+')) {
    items.push(goTo('Calls', `Dial ${number}`, `/?dial=${encodeURIComponent(number)}`));
  }
  return items;
}

function searchItems(query: string): PaletteItem[] {
  if (query.length < MIN_SEARCH || SID.test(query)) return [];
  const wanted = NUMBER.test(query) ? plainNumber(query) : query;
  return [goTo('History', `Search the history for “${query}”`, `/history?q=${encodeURIComponent(wanted)}`)];
}

function goTo(section: PaletteItem['section'], label: string, path: string): PaletteItem {
  return {id: label, section, label, action: {kind: 'go', path}};
}

function plainNumber(text: string): string {
  return text.replaceAll(/[ ().-]/g, '');
}

function commandItems(query: string, {shortcuts, commands, mayDial}: PaletteInput): PaletteItem[] {
  // On the live screen, the shortcut with the same label already exists.
  const canDialHere = shortcuts.some(({label}) => label === DIAL);
  const all: PaletteItem[] = [
    ...shortcuts
      .filter(({inPalette}) => inPalette)
      .map(({keys, label, handler}) => command(label, {kind: 'run', run: handler}, keys)),
    ...(mayDial && !canDialHere ? [command(DIAL, {kind: 'go', path: '/?dial'})] : []),
    ...commands.map(({label, run}) => command(label, {kind: 'run', run})),
  ];
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  return all.filter(({label}) => words.every((word) => label.toLowerCase().includes(word)));
}

function command(label: string, action: PaletteAction, keys?: string): PaletteItem {
  return {id: `command ${label}`, section: 'Commands', label, action, ...(keys !== undefined && {keys})};
}

/** Matches part of the sid or of a number, in any notation. */
function mentions({callSid, from, to}: CallState, query: string): boolean {
  const plain = plainNumber(query).toLowerCase();
  return [callSid, from, to].some((text) => text.toLowerCase().includes(plain === '' ? query : plain));
}
