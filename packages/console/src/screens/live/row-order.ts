/**
 * Decides which rows the table of live calls shows and in which order, so that rows do not move while the
 * user points at them.
 *
 * A row has a fixed order: a new call goes to the top, its legs go below it, and no two rows ever swap
 * places. While the table is held (`isHeld`), nothing moves: new calls wait, ended calls stay, and rows that
 * no longer match the filter stay, too. Pure: no clock, no DOM.
 */
import type {Call} from '@hookswitch/protocol';
import {type CallFilter, isSameFilter, matchesFilter} from './call-filter.ts';

/** How long an ended call is still shown, in milliseconds. */
export const LINGER_MS = 30_000;

/** A call as the SDK reports it. */
export type KnownCall = Call & {
  /** It ended during an outage; `status` is the last one that was seen. */
  readonly outcomeUnknown?: true;
};

/** A call in the table. */
export interface LiveRow {
  readonly call: Call;
  /**
   * - `in-progress`: as far as the gateway knows
   * - `ended`: its end was seen
   * - `vanished`: a new snapshot did not contain it, so its outcome is unknown
   */
  readonly life: 'in-progress' | 'ended' | 'vanished';
  /** When the page learned that the call is over, in the milliseconds of `Arrangement.now`. */
  readonly overSince?: number;
  /** Increases with every row. Newer calls go higher; the legs of a call keep their order. */
  readonly age: number;
}

/** One row of the table. */
export interface Line {
  readonly callSid: string;
  /** Shown below another row, as a leg of that call. */
  readonly isLeg: boolean;
}

export interface RowOrder {
  readonly rows: ReadonlyMap<string, LiveRow>;
  /** The rows that the table shows, top to bottom. */
  readonly lines: readonly Line[];
  /** Number of calls that the held table does not show yet, without legs. */
  readonly newCalls: number;
  /** Number of legs of shown calls that the held table does not show yet. */
  readonly newLegs: number;
  readonly filter: CallFilter;
  readonly nextAge: number;
  /** Calls that were removed from the table but are still among the known calls. */
  readonly gone: ReadonlySet<string>;
}

export interface Arrangement {
  /** All calls in progress, and those that ended, as long as the page knows them. */
  readonly calls: Iterable<KnownCall>;
  readonly filter: CallFilter;
  /** The user points at the table, has the focus in it, has scrolled it, or has paused it. */
  readonly isHeld: boolean;
  /** Shows new calls although the table is held. @default false */
  readonly showNew?: boolean;
  /** Milliseconds of any monotonic clock. */
  readonly now: number;
}

export const noRows: RowOrder = {
  rows: new Map(),
  lines: [],
  newCalls: 0,
  newLegs: 0,
  filter: {text: '', statuses: []},
  nextAge: 0,
  gone: new Set(),
};

/** The table after the changes since `previous`. Returns `previous` itself if nothing changed. */
export function arrangeRows(previous: RowOrder, {showNew = false, ...arrangement}: Arrangement): RowOrder {
  const {filter, now} = arrangement;
  const {rows: known, gone: stillGone, nextAge} = updateRows(previous, arrangement);
  // A new filter is applied at once, even if the table is held.
  const isHeld = arrangement.isHeld && !showNew && isSameFilter(filter, previous.filter);
  const kept = isHeld ? new Set(previous.lines.map(({callSid}) => callSid)) : undefined;
  const {rows, gone} = withoutPast(known, {now, kept, gone: stillGone});
  const wanted = linesOf(rows, filter);
  const lines = isHeld ? previous.lines : wanted;
  const {newCalls, newLegs} = countNew(wanted, kept);
  const next: RowOrder = {
    rows: sameRows(previous.rows, rows) ? previous.rows : rows,
    lines: sameLines(previous.lines, lines) ? previous.lines : lines,
    newCalls,
    newLegs,
    filter: isSameFilter(filter, previous.filter) ? previous.filter : filter,
    nextAge,
    gone: sameMembers(previous.gone, gone) ? previous.gone : gone,
  };
  return isUnchanged(previous, next) ? previous : next;
}

/** When {@link arrangeRows} would next remove a row by itself; `undefined` while no call is over. */
export function nextDeparture({rows}: RowOrder): number | undefined {
  let earliest: number | undefined;
  for (const {overSince} of rows.values()) {
    if (overSince === undefined) continue;
    earliest = Math.min(earliest ?? Number.POSITIVE_INFINITY, overSince + LINGER_MS);
  }
  return earliest;
}

/** Updates the known rows; a call seen for the first time gets the next age. */
function updateRows(previous: RowOrder, {calls, now}: Arrangement) {
  const rows = new Map(previous.rows);
  const unseen = new Set(previous.rows.keys());
  const gone = new Set<string>();
  const fresh: KnownCall[] = [];
  for (const call of calls) {
    unseen.delete(call.callSid);
    const row = rows.get(call.callSid);
    if (previous.gone.has(call.callSid) && isOver(call)) gone.add(call.callSid);
    else if (row === undefined) fresh.push(call);
    else {
      const life = lifeOf(call, row, now);
      if (row.call !== call || row.life !== life.life) rows.set(call.callSid, {...row, ...life});
    }
  }
  let {nextAge} = previous;
  // Calls that appear together, such as a snapshot, are sorted by their start.
  for (const call of fresh.sort(byStart)) {
    rows.set(call.callSid, {age: nextAge, ...lifeOf(call, undefined, now)});
    nextAge += 1;
  }
  for (const callSid of unseen) {
    const row = rows.get(callSid);
    if (row?.life === 'in-progress') rows.set(callSid, {...row, life: 'vanished', overSince: now});
  }
  return {rows, gone, nextAge};
}

function lifeOf(call: KnownCall, row: LiveRow | undefined, now: number): Omit<LiveRow, 'age'> {
  if (!isOver(call)) return {call, life: 'in-progress', overSince: undefined};
  return {call, life: hasCallEnded(call) ? 'ended' : 'vanished', overSince: row?.overSince ?? now};
}

function isOver(call: KnownCall): boolean {
  return hasCallEnded(call) || call.outcomeUnknown === true;
}

/** Whether a call's end was seen. */
export function hasCallEnded({status}: Pick<Call, 'status'>): boolean {
  return status === 'completed' || status === 'failed';
}

function byStart(a: Call, b: Call): number {
  return a.createdAt.localeCompare(b.createdAt) || a.callSid.localeCompare(b.callSid);
}

interface Departures {
  readonly now: number;
  /** Rows that the user may be pointing at. */
  readonly kept: ReadonlySet<string> | undefined;
  readonly gone: ReadonlySet<string>;
}

/** Removes the calls that have been over for long enough; a call is removed together with its legs. */
function withoutPast(rows: ReadonlyMap<string, LiveRow>, {now, kept, gone}: Departures) {
  const staying = new Set<string>();
  for (const [callSid, {overSince}] of rows) {
    const isPast = overSince !== undefined && overSince + LINGER_MS <= now;
    if (!isPast || kept?.has(callSid)) staying.add(rootOf(callSid, rows));
  }
  const left = new Map<string, LiveRow>();
  const leaving = new Set(gone);
  for (const [callSid, row] of rows) {
    if (staying.has(rootOf(callSid, rows))) left.set(callSid, row);
    else leaving.add(callSid);
  }
  return {rows: left, gone: leaving};
}

/** The rows of a table that is not held: newest call first, each followed by its legs. */
function linesOf(rows: ReadonlyMap<string, LiveRow>, filter: CallFilter): readonly Line[] {
  const groups = new Map<string, {callSid: string; row: LiveRow}[]>();
  for (const [callSid, row] of rows) {
    const root = rootOf(callSid, rows);
    const group = groups.get(root) ?? [];
    group.push({callSid, row});
    groups.set(root, group);
  }
  return (
    [...groups]
      // A call is shown with all its legs, because parts of it mean little on their own.
      .filter(([, group]) => group.some(({row}) => matchesFilter(row, filter)))
      .map(([root, group]) => ({root, group, age: rows.get(root)?.age ?? 0}))
      .sort((a, b) => b.age - a.age)
      .flatMap(({root, group}) => [
        {callSid: root, isLeg: false},
        ...group
          .filter(({callSid}) => callSid !== root)
          .sort((a, b) => a.row.age - b.row.age)
          .map(({callSid}) => ({callSid, isLeg: true})),
      ])
  );
}

/**
 * The root call of a leg, or the call itself. Parents come from webhooks, so they may be missing or form a
 * cycle.
 */
function rootOf(callSid: string, rows: ReadonlyMap<string, LiveRow>): string {
  const passed = new Set([callSid]);
  let root = callSid;
  for (;;) {
    const parent = rows.get(root)?.call.parentCallSid;
    if (parent === undefined || !rows.has(parent)) return root;
    // Members of a cycle must all get the same root.
    if (passed.has(parent)) return [...passed].slice([...passed].indexOf(parent)).sort()[0] ?? root;
    passed.add(parent);
    root = parent;
  }
}

function countNew(wanted: readonly Line[], kept: ReadonlySet<string> | undefined) {
  const counts = {newCalls: 0, newLegs: 0};
  if (kept === undefined) return counts;
  let isCallShown = false;
  for (const {callSid, isLeg} of wanted) {
    const isShown = kept.has(callSid);
    if (!isLeg) {
      isCallShown = isShown;
      if (!isShown) counts.newCalls += 1;
    } else if (!isShown && isCallShown) counts.newLegs += 1;
  }
  return counts;
}

function sameRows(a: ReadonlyMap<string, LiveRow>, b: ReadonlyMap<string, LiveRow>): boolean {
  if (a.size !== b.size) return false;
  for (const [callSid, row] of b) if (a.get(callSid) !== row) return false;
  return true;
}

function sameMembers(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  return a.size === b.size && [...b].every((member) => a.has(member));
}

function sameLines(a: readonly Line[], b: readonly Line[]): boolean {
  return (
    a.length === b.length &&
    a.every(({callSid, isLeg}, index) => callSid === b[index]?.callSid && isLeg === b[index].isLeg)
  );
}

function isUnchanged(a: RowOrder, b: RowOrder): boolean {
  return (
    a.rows === b.rows &&
    a.lines === b.lines &&
    a.newCalls === b.newCalls &&
    a.newLegs === b.newLegs &&
    a.filter === b.filter &&
    a.gone === b.gone
  );
}
