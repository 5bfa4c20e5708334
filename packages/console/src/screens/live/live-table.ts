/**
 * The table of live calls, fed by the SDK. It lives as long as the session, not the screen, so that the rows
 * are unchanged when the user returns from a call. Independent of React and the DOM.
 */
import type {CallState, ConnectionState, HookswitchClient, Unsubscribe} from '@hookswitch/client';
import {CallDetails} from './call-details.ts';
import type {CallFilter} from './call-filter.ts';
import {arrangeRows, nextDeparture, noRows, type RowOrder} from './row-order.ts';

/** How current the rows are. */
export type Freshness =
  /** No data has arrived yet. */
  | {readonly kind: 'none'}
  | {readonly kind: 'live'}
  /** As of the last moment with a working connection; milliseconds since 1970, the gateway's clock. */
  | {readonly kind: 'stale'; readonly asOf: number};

/** Describes the recovery after an outage. */
export interface Return {
  /** Nothing was missed; `false`: ends during the outage were not seen. */
  readonly recovered: boolean;
  /** Number of changes during the outage. */
  readonly changes: number;
  readonly awayMs: number;
}

export interface LiveTableSnapshot {
  readonly order: RowOrder;
  readonly connection: ConnectionState;
  readonly freshness: Freshness;
  /** The last outage; shown for a while. */
  readonly returned: Return | undefined;
  readonly isPaused: boolean;
}

export interface LiveTablePorts {
  /** Monotonic milliseconds. */
  monotonic(): number;
  /** Milliseconds since 1970. */
  now(): number;
  /** Returns a function that cancels the timer. */
  after(delayMs: number, run: () => void): () => void;
}

export interface LiveTableOptions {
  readonly client: HookswitchClient;
  readonly ports: LiveTablePorts;
}

/** Changes within this time are rendered together; more frequent updates are not perceptible. */
const GATHER_MS = 30;

/** How long the note about a recovery is shown. */
export const RETURN_SHOWN_MS = 20_000;

export class LiveTable {
  readonly #client: HookswitchClient;
  readonly #ports: LiveTablePorts;
  readonly #listeners = new Set<() => void>();
  /** Calls with a status since the last arrangement; they may have started and ended in between. */
  readonly #touched = new Set<string>();
  readonly #details: CallDetails;
  /** Subscriptions to calls whose end was not seen and whose outcome may still be found. */
  readonly #awaited = new Map<string, Unsubscribe>();
  #ends: Unsubscribe[] = [];
  #cancelGather: (() => void) | undefined;
  #cancelDeparture: (() => void) | undefined;
  #cancelReturn: (() => void) | undefined;
  readonly #expected = new Set<string>();
  #isHeld = false;
  #changesSinceBack = 0;
  #snapshot: LiveTableSnapshot;
  /** The last selected row, restored when the user returns. */
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

  /** The first subscriber starts the updates; they stop when the last one unsubscribes. */
  readonly subscribe = (listener: () => void): Unsubscribe => {
    this.#listeners.add(listener);
    if (this.#listeners.size === 1) this.#start();
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) this.#stop();
    };
  };

  readonly getSnapshot = (): LiveTableSnapshot => this.#snapshot;

  /** Whether the user points at the rows. */
  setHeld(isHeld: boolean): void {
    if (isHeld === this.#isHeld) return;
    this.#isHeld = isHeld;
    this.#arrange();
  }

  setPaused(isPaused: boolean): void {
    this.#snapshot = {...this.#snapshot, isPaused};
    this.#arrange();
    this.#notify();
  }

  setFilter(filter: CallFilter): void {
    this.#arrange({filter});
  }

  /** The user has just placed this call. It is shown as soon as it is known, even if the table is held. */
  expect(callSid: string): void {
    this.#expected.add(callSid);
    this.#arrange();
  }

  /** Shows the new calls although the table is held. */
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

  #arrange({filter = this.#snapshot.order.filter, showNew = false}: Partial<ArrangeOptions> = {}): void {
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
    this.#notify();
  }

  /** Calls in progress, and the known state of the other calls in the table. */
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
    // Past due: the rows stay because the table is held, and releasing it arranges the rows again.
    if (delayMs === undefined || delayMs <= 0) return;
    this.#cancelDeparture = this.#ports.after(delayMs, () => this.#arrange());
  }

  #connectionChanged(): void {
    const connection = this.#client.connection.getSnapshot();
    const {connection: before, freshness} = this.#snapshot;
    const now = this.#ports.now();
    // A session has started: further messages are missed or new changes.
    if (isOpen(connection) && !isOpen(before)) this.#changesSinceBack = 0;
    let next: Freshness = freshness;
    if (connection.phase === 'live') next = {kind: 'live'};
    else if (freshness.kind === 'live') next = {kind: 'stale', asOf: lastGood(before, connection, now)};
    this.#snapshot = {...this.#snapshot, connection, freshness: next};
    if (freshness.kind === 'stale' && connection.phase === 'live') {
      // Apply the changes first, so that the rows are current when they are marked as live.
      this.#arrange();
      this.#showReturn({
        recovered: connection.recovered,
        changes: this.#changesSinceBack,
        awayMs: now - freshness.asOf,
      });
    }
    this.#notify();
  }

  #showReturn(returned: Return): void {
    this.#snapshot = {...this.#snapshot, returned};
    this.#cancelReturn?.();
    this.#cancelReturn = this.#ports.after(RETURN_SHOWN_MS, () => {
      this.#snapshot = {...this.#snapshot, returned: undefined};
      this.#notify();
    });
  }

  #notify(): void {
    for (const listener of this.#listeners) listener();
  }
}

interface ArrangeOptions {
  readonly filter: CallFilter;
  readonly showNew: boolean;
}

function isOpen({phase}: ConnectionState): boolean {
  return phase === 'live' || phase === 'catching-up';
}

/** A silent connection was good until its last sign of life, which is at least one heartbeat ago. */
function lastGood(before: ConnectionState, connection: ConnectionState, now: number): number {
  const isSilent = connection.phase === 'waiting' && connection.why === 'silent';
  return isSilent && before.phase === 'live' ? now - before.heartbeatMs : now;
}
