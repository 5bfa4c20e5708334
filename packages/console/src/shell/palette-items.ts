/** What the palette offers for what was typed. */
import type {CallState} from '@hookswitch/client';
import type {PageCommand} from './page-commands.ts';
import type {Shortcut} from './shortcut-registry.ts';

export interface PaletteItem {
  readonly id: string;
  readonly section: 'Calls' | 'Commands' | 'History';
  readonly label: string;
  /** Of a live call, whose status is shown. */
  readonly call?: CallState;
  /** Of a command that has a key. */
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
  /** Of the page, then of the console: those that have no key. */
  readonly commands: readonly PageCommand[];
  /** The key may place calls. */
  readonly mayDial: boolean;
}

/** As the live calls name it too. */
export const DIAL = 'Dial a number';
const MAX_CALLS = 8;
/** Fewer characters find everything. */
const MIN_SEARCH = 3;
const SID = /^CA[0-9a-f]{32}$/i;
/** What may be meant as a number, with the spaces and dots that people write. */
const NUMBER = /^\+?\d[\d ().-]{5,}$/;

/** The first is what Enter does; never more than a screenful of calls. */
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
  // Where the form is, the page's own command leads to it; twice the same name would be one too many.
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

/** Part of the sid or of a number; how a number is written does not matter. */
function mentions({callSid, from, to}: CallState, query: string): boolean {
  const plain = plainNumber(query).toLowerCase();
  return [callSid, from, to].some((text) => text.toLowerCase().includes(plain === '' ? query : plain));
}
