/** A client that connects and disconnects, stops reading, changes its subscription, and resumes. */
import {closeCodes, type ServerMessage} from '@hookswitch/protocol';
import {until} from '../until.ts';
import {TestClient} from '../websocket/client.ts';
import type {LoadClock} from './clock.ts';
import type {SimulatedNode, SimulatedNodes} from './nodes.ts';
import type {PlannedAction, PlannedVisit} from './plan.ts';
import type {Trace} from './trace.ts';

export interface Position {
  readonly epoch: string;
  readonly offset: number;
}

/** One connection from the client's point of view. */
export interface ConnectionRecord {
  readonly resume: Position | undefined;
  readonly messages: readonly ServerMessage[];
  /** Requested subscriptions in order. The index is the `requestId`. */
  readonly subscriptions: readonly ('all' | readonly string[])[];
}

/** A connection to a node of a simulation. */
export interface SimulatedConnection extends ConnectionRecord {
  readonly client: TestClient;
  readonly node: string;
  readonly subscriptions: ('all' | readonly string[])[];
  /** Close time in milliseconds since 1970; `undefined` while open. */
  closedAt: number | undefined;
  /** Whether the database was down at the start of the connection. */
  readonly databaseWasAway: boolean;
}

export interface SimulatedClientOptions {
  readonly name: string;
  /** Index of the first node. Each reconnect goes to the next node. */
  readonly first: number;
  readonly token: string;
  readonly clock: LoadClock;
  readonly nodes: SimulatedNodes;
  readonly trace: Trace;
}

const GOING_AWAY = closeCodes['going-away'].code;

export class SimulatedClient {
  readonly name: string;
  /** Connections that received a message. */
  readonly history: SimulatedConnection[] = [];
  readonly #options: SimulatedClientOptions;
  #next: number;
  /** `#current` is the last connection that received a message, `#latest` the last that was opened. */
  #current: SimulatedConnection | undefined;
  #latest: TestClient | undefined;

  constructor(options: SimulatedClientOptions) {
    this.name = options.name;
    this.#options = options;
    this.#next = options.first;
  }

  /** Makes the visits, then stays connected. */
  async makeVisits(visits: readonly PlannedVisit[]): Promise<void> {
    const {clock} = this.#options;
    for (const visit of visits) {
      await clock.reached(visit.from);
      await this.#visit(visit);
    }
    await this.stay();
  }

  /** Reconnects after everything else, and stays connected. */
  async stay(): Promise<void> {
    this.#current?.client.terminate();
    await this.#connect(false);
  }

  /** Everything up to here was received. */
  get position(): Position | undefined {
    return this.#current === undefined ? undefined : positionOf(this.#current);
  }

  /** Ends the connection, so that pending waits resolve. Resumes reading first, because a paused socket sees no close. */
  end(): void {
    this.#latest?.ws.resume();
    this.#latest?.terminate();
  }

  async #visit(visit: PlannedVisit): Promise<void> {
    const {clock, trace} = this.#options;
    let fresh = visit.fresh;
    let left = false;
    const isOver = clock.reached(visit.until).then(() => {
      left = true;
    });
    // A connection that the server closes is replaced during the visit.
    while (!left) {
      const connection = await this.#connect(fresh);
      fresh = false;
      const {client} = connection;
      const closed = client.closed(600_000).catch(() => {});
      for (const action of visit.actions) {
        if (action.at < clock.now) continue;
        await Promise.race([clock.reached(action.at), closed]);
        if (client.closeCode !== undefined) break;
        this.#act(connection, action);
      }
      await Promise.race([isOver, closed]);
      if (!left) {
        trace.add(
          this.name,
          `lost the connection (${client.closeCode}) at ${positionOf(connection)?.offset}`,
        );
        continue;
      }
      trace.add(this.name, `leaves (${visit.leave}) at ${positionOf(connection)?.offset}`);
      client.ws.resume();
      if (visit.leave === 'close') client.ws.close();
      else client.terminate();
      await closed;
    }
  }

  async #connect(fresh: boolean): Promise<SimulatedConnection> {
    const {trace, nodes} = this.#options;
    for (;;) {
      nodes.assertRunning();
      const before = this.#current;
      const resume = fresh || before === undefined ? undefined : positionOf(before);
      const node = await nodes.reachable(this.#next++);
      const connection = this.#open(node, resume);
      const {client} = connection;
      const arrived = await until(() => arrival(connection), {
        what: `${this.name} to receive its first messages`,
        timeoutMs: 30_000,
      });
      if (client.messages.length > 0) this.history.push(connection);
      if (arrived === 'closed') {
        // Refused or killed. Its messages are evidence, but it is a resume position only if they are complete.
        if (positionOf(connection) !== undefined) this.#current = connection;
        continue;
      }
      const from = resume === undefined ? 'afresh' : `from ${resume.offset}`;
      trace.add(this.name, `connects to ${node.name} ${from}, is at ${positionOf(connection)?.offset}`);
      this.#current = connection;
      return connection;
    }
  }

  #open(node: SimulatedNode, resume: Position | undefined): SimulatedConnection {
    const {token, nodes} = this.#options;
    const client = new TestClient(node.gateway.wsUrl, {token, ...(resume === undefined ? {} : {resume})});
    const connection: SimulatedConnection = {
      resume,
      messages: client.messages,
      subscriptions: [],
      client,
      node: node.name,
      closedAt: undefined,
      databaseWasAway: nodes.databaseIsAway,
    };
    this.#latest = client;
    client.ws.once('close', (code) => {
      connection.closedAt = Date.now();
      if (code === GOING_AWAY) node.closedSessions += 1;
    });
    return connection;
  }

  #act({client, subscriptions}: SimulatedConnection, {what}: PlannedAction): void {
    const {trace} = this.#options;
    trace.add(
      this.name,
      typeof what === 'string' ? what : `subscribes to ${what.subscribe.length} calls or all`,
    );
    if (what === 'stop-reading') client.ws.pause();
    else if (what === 'resume-reading') client.ws.resume();
    else if (client.ws.readyState !== client.ws.OPEN) return;
    else if (what === 'heartbeat') client.send({type: 'session.heartbeat'});
    else {
      const requestId = String(subscriptions.push(what.subscribe) - 1);
      client.send({type: 'call.subscribe', calls: what.subscribe, requestId});
    }
  }
}

function arrival(connection: SimulatedConnection): 'positioned' | 'closed' | undefined {
  if (connection.client.closeCode !== undefined) return 'closed';
  return positionOf(connection) === undefined ? undefined : 'positioned';
}

/**
 * The resume position of a connection. Without recovery there is none before the snapshot, because the snapshot
 * contains everything before it.
 */
export function positionOf({messages}: ConnectionRecord): Position | undefined {
  const [ready, second] = messages;
  if (ready?.type !== 'session.ready') return undefined;
  if (!ready.recovered && second?.type !== 'call.snapshot') return undefined;
  const last = messages.findLast((message) => 'offset' in message);
  return last === undefined || !('offset' in last) ? undefined : {epoch: ready.epoch, offset: last.offset};
}
