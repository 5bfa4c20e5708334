/**
 * The live calls as the page shows them, fed by the SDK. Lives as long as the session, not as long as the screen, so that
 * whoever comes back from a call finds the rows where they were. Knows neither React nor the DOM.
 */
import type {CallState, ConnectionState, HookswitchClient, Unsubscribe} from '@hookswitch/client';
import {CallDetails} from './call-details.ts';
import type {CallFilter} from './call-filter.ts';
import {arrangeRows, nextDeparture, noRows, type RowOrder} from './row-order.ts';

/** How far what is shown can be trusted. */
export type Freshness =
  /** Nothing has ever come. */
  | {readonly kind: 'none'}
  | {readonly kind: 'live'}
  /** As it was when the connection was last known to be good; milliseconds since 1970, the gateway's clock. */
  | {readonly kind: 'stale'; readonly asOf: number};

/** Said once the connection is back. */
export interface Return {
  /** Nothing was missed; `false`: what ended in between was not seen. */
  readonly recovered: boolean;
  /** How many changes came in for the time away. */
  readonly changes: number;
  readonly awayMs: number;
}

export interface LiveTableSnapshot {
  readonly order: RowOrder;
  readonly connection: ConnectionState;
  readonly freshness: Freshness;
  /** Of the last interruption, for a while. */
  readonly returned: Return | undefined;
  readonly isPaused: boolean;
}

export interface LiveTablePorts {
  /** Milliseconds that do not go back. */
  monotonic(): number;
  /** Milliseconds since 1970. */
  now(): number;
  /** Returns what cancels it. */
  after(delayMs: number, run: () => void): () => void;
}

export interface LiveTableOptions {
  readonly client: HookswitchClient;
  readonly ports: LiveTablePorts;
}

/** Changes that come within this time are shown together; more often would be more than an eye can follow. */
const GATHER_MS = 30;

/** How long the return from an interruption is spoken of. */
export const RETURN_SHOWN_MS = 20_000;

export class LiveTable {
  readonly #client: HookswitchClient;
  readonly #ports: LiveTablePorts;
  readonly #listeners = new Set<() => void>();
  /** Calls that something was said of since the last arrangement: they may have begun and ended in between. */
  readonly #touched = new Set<string>();
  readonly #details: CallDetails;
  /** Calls that ended unseen, whose outcome may still be found. */
  readonly #awaited = new Map<string, Unsubscribe>();
  #ends: Unsubscribe[] = [];
  #cancelGather: (() => void) | undefined;
  #cancelDeparture: (() => void) | undefined;
  #cancelReturn: (() => void) | undefined;
  readonly #expected = new Set<string>();
  #isHeld = false;
  #changesSinceBack = 0;
  #snapshot: LiveTableSnapshot;
  /** The row that was selected last, for whoever comes back. */
  selected: string | undefined;

  constructor({client, ports}: LiveTableOptions) {
    this.#client = client;
    this.#ports = ports;
    this.#details = new CallDetails({client, ports, onChange: () => this.#gather()});
    this.#snapshot = {
      order: noRows,
      connection: client.connection.getSnapshot(),
      freshness: {kind: 'none'},
      returned: undefined,
      isPaused: false,
    };
  }

  /** The first subscriber starts it, the last one's leaving makes it rest. */
  readonly subscribe = (listener: () => void): Unsubscribe => {
    this.#listeners.add(listener);
    if (this.#listeners.size === 1) this.#start();
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) this.#stop();
    };
  };

  readonly getSnapshot = (): LiveTableSnapshot => this.#snapshot;

  /** Somebody points at the rows, or has stopped doing so. */
  setHeld(isHeld: boolean): void {
    if (isHeld === this.#isHeld) return;
    this.#isHeld = isHeld;
    this.#arrange();
  }

  setPaused(isPaused: boolean): void {
    this.#snapshot = {...this.#snapshot, isPaused};
    this.#arrange();
    this.#tell();
  }

  setFilter(filter: CallFilter): void {
    this.#arrange({filter});
  }

  /** Somebody here has just placed it: it is shown as soon as it is known, held or not. */
  expect(callSid: string): void {
    this.#expected.add(callSid);
    this.#arrange();
  }

  /** Shows what waits, although the table is held. */
  showNew(): void {
    this.#arrange({showNew: true});
  }

  #start(): void {
    const {calls, connection} = this.#client;
    this.#ends = [
      calls.subscribe(() => this.#gather()),
      connection.subscribe(() => this.#connectionChanged()),
      this.#client.on('status', ({callSid}) => {
        this.#touched.add(callSid);
        this.#changesSinceBack += 1;
        this.#gather();
      }),
    ];
    this.#connectionChanged();
    this.#arrange();
  }

  #stop(): void {
    for (const end of [...this.#ends, ...this.#awaited.values()]) end();
    this.#ends = [];
    this.#awaited.clear();
    this.#touched.clear();
    this.#cancelGather?.();
    this.#cancelGather = undefined;
    this.#cancelDeparture?.();
    this.#cancelDeparture = undefined;
    this.#details.stop();
    this.#isHeld = false;
  }

  #gather(): void {
    this.#cancelGather ??= this.#ports.after(GATHER_MS, () => {
      this.#cancelGather = undefined;
      this.#arrange();
    });
  }

  #arrange({filter = this.#snapshot.order.filter, showNew = false}: Partial<Wish> = {}): void {
    const previous = this.#snapshot.order;
    const calls = this.#knownCalls();
    const isExpected = [...this.#expected].some((callSid) => calls.has(callSid));
    const order = arrangeRows(previous, {
      calls: calls.values(),
      filter,
      isHeld: this.#snapshot.isPaused || (this.#isHeld && previous.lines.length > 0),
      showNew: showNew || isExpected,
      now: this.#ports.monotonic(),
    });
    this.#touched.clear();
    for (const callSid of this.#expected) if (calls.has(callSid)) this.#expected.delete(callSid);
    this.#awaitOutcomes(order);
    this.#details.want(order.rows);
    this.#planDeparture(order);
    if (order === previous) return;
    this.#snapshot = {...this.#snapshot, order};
    this.#tell();
  }

  /** Those in progress, and what is known of the others that are shown. */
  #knownCalls(): ReadonlyMap<string, CallState> {
    const known = new Map(
      this.#client.calls.getSnapshot().map((call) => [call.callSid, this.#details.complete(call)]),
    );
    for (const callSid of [...this.#snapshot.order.rows.keys(), ...this.#touched]) {
      if (known.has(callSid)) continue;
      const call = this.#client.call(callSid).getSnapshot();
      if (call !== undefined) known.set(callSid, this.#details.complete(call));
    }
    return known;
  }

  #awaitOutcomes({rows}: RowOrder): void {
    for (const [callSid, {life}] of rows) {
      if (life !== 'vanished' || this.#awaited.has(callSid)) continue;
      const end = this.#client.call(callSid).subscribe(() => this.#gather());
      this.#awaited.set(callSid, end);
    }
    for (const [callSid, end] of this.#awaited) {
      if (rows.get(callSid)?.life === 'vanished') continue;
      end();
      this.#awaited.delete(callSid);
    }
  }

  #planDeparture(order: RowOrder): void {
    this.#cancelDeparture?.();
    this.#cancelDeparture = undefined;
    const at = nextDeparture(order);
    const delayMs = at === undefined ? undefined : at - this.#ports.monotonic();
    // Past due: they stay because the table is held; letting go arranges anew.
    if (delayMs === undefined || delayMs <= 0) return;
    this.#cancelDeparture = this.#ports.after(delayMs, () => this.#arrange());
  }

  #connectionChanged(): void {
    const connection = this.#client.connection.getSnapshot();
    const {connection: before, freshness} = this.#snapshot;
    const now = this.#ports.now();
    // A session has begun: what is said from here on was missed, or is new.
    if (isOpen(connection) && !isOpen(before)) this.#changesSinceBack = 0;
    let next: Freshness = freshness;
    if (connection.phase === 'live') next = {kind: 'live'};
    else if (freshness.kind === 'live') next = {kind: 'stale', asOf: lastGood(before, connection, now)};
    this.#snapshot = {...this.#snapshot, connection, freshness: next};
    if (freshness.kind === 'stale' && connection.phase === 'live') {
      // What came at once is shown at once: the rows are not live before they are what is.
      this.#arrange();
      this.#speakOfReturn({
        recovered: connection.recovered,
        changes: this.#changesSinceBack,
        awayMs: now - freshness.asOf,
      });
    }
    this.#tell();
  }

  #speakOfReturn(returned: Return): void {
    this.#snapshot = {...this.#snapshot, returned};
    this.#cancelReturn?.();
    this.#cancelReturn = this.#ports.after(RETURN_SHOWN_MS, () => {
      this.#snapshot = {...this.#snapshot, returned: undefined};
      this.#tell();
    });
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}

interface Wish {
  readonly filter: CallFilter;
  readonly showNew: boolean;
}

function isOpen({phase}: ConnectionState): boolean {
  return phase === 'live' || phase === 'catching-up';
}

/** A line that fell silent was good until its last sign of life, which is at least one heartbeat ago. */
function lastGood(before: ConnectionState, connection: ConnectionState, now: number): number {
  const isSilent = connection.phase === 'waiting' && connection.why === 'silent';
  return isSilent && before.phase === 'live' ? now - before.heartbeatMs : now;
}
