/** The environment for cluster faults: nodes with separate database links, sessions and callbacks. */
import {writeFile} from 'node:fs/promises';
import path from 'node:path';
import {setTimeout as wait} from 'node:timers/promises';
import type {Control} from '../../chaos/preload/control.ts';
import {preload} from '../../chaos/world/preload.ts';
import {DatabaseLink} from '../../test/support/postgres/database-link.ts';
import {RetryingLoad} from '../load/retrying-load.ts';
import type {Servers} from '../servers/servers.ts';
import {Cluster, type ClusterNode} from './cluster.ts';
import {Crowd} from './crowd.ts';
import {findDeliveryError} from './delivery-check.ts';

export interface FaultWorldOptions {
  readonly servers: Servers;
  readonly nodes: number;
  readonly sessions: number;
  /** Callback rate. */
  readonly perSecond: number;
}

/** Responses to callbacks during a fault. */
export interface Answers {
  /** 503 responses. The callbacks were retried. */
  readonly unavailable: number;
  /** Requests without a response, because the node was gone. The callbacks were retried at another node. */
  readonly none: number;
}

const CAUGHT_UP_WITHIN_MS = 30_000;
const ACCEPTED_WITHIN_MS = 30_000;
const LOOK_EVERY_MS = 5;
const [ACCEPTED, UNAVAILABLE, NO_ANSWER] = [204, 503, 0];

export class FaultWorld {
  readonly cluster: Cluster;
  readonly links: readonly DatabaseLink[];
  readonly crowd: Crowd;
  readonly load: RetryingLoad;
  /** Nodes that receive callbacks: all nodes, unless a fault concerns one node. */
  targets: readonly ClusterNode[];
  readonly #controls: readonly string[];

  private constructor(
    {perSecond}: FaultWorldOptions,
    parts: Pick<FaultWorld, 'cluster' | 'links' | 'crowd'> & {readonly controls: readonly string[]},
  ) {
    this.cluster = parts.cluster;
    this.links = parts.links;
    this.crowd = parts.crowd;
    this.#controls = parts.controls;
    this.targets = this.cluster.nodes;
    const {publicPort} = this.cluster;
    this.load = new RetryingLoad({publicPort, perSecond, ports: () => this.targets.map(({port}) => port)});
  }

  /** Resolves when everything runs. */
  static async open(options: FaultWorldOptions): Promise<FaultWorld> {
    const {servers, nodes, sessions} = options;
    const cluster = await Cluster.open(servers);
    const links: DatabaseLink[] = [];
    const controls: string[] = [];
    while (cluster.nodes.length < nodes) {
      const link = await DatabaseLink.to(cluster.postgres.port);
      const file = path.join(servers.folder(), 'control.json');
      links.push(link);
      controls.push(file);
      await cluster.addNode({databasePort: link.port, nodeFlags: [preload('control', {file})]});
    }
    const crowd = await Crowd.open({ports: cluster.nodes.map(({port}) => port), sessions});
    const world = new FaultWorld(options, {cluster, links, crowd, controls});
    world.load.start();
    return world;
  }

  /** Controls a node's clock and other preloaded failures. */
  async control(node: number, control: Control): Promise<void> {
    await writeFile(this.#controls[node] ?? '', JSON.stringify(control));
    this.cluster.nodes[node]?.server.signal('SIGUSR2');
  }

  /** Resolves when this many more callbacks were accepted. */
  async waitForAccepted(callbacks: number): Promise<void> {
    const wanted = this.load.accepted + callbacks;
    await this.waitFor(`${callbacks} more callbacks to be accepted`, () => this.load.accepted >= wanted);
  }

  /** Resolves once `look` returns true. @throws after the deadline */
  async waitFor(
    what: string,
    look: () => boolean | Promise<boolean>,
    everyMs = LOOK_EVERY_MS,
  ): Promise<void> {
    const deadline = performance.now() + ACCEPTED_WITHIN_MS;
    while (!(await look())) {
      if (performance.now() > deadline) throw new Error(`waited ${ACCEPTED_WITHIN_MS} ms for ${what}`);
      await wait(everyMs);
    }
  }

  /** Resolves when every session is connected and has every event that the journal held when the last one reconnected. */
  async waitUntilCaughtUp(): Promise<void> {
    await this.crowd.waitForOffset(0, CAUGHT_UP_WITHIN_MS);
    await this.crowd.waitForOffset(Math.max(0, ...(await this.#deliveredOffsets())), CAUGHT_UP_WITHIN_MS);
  }

  /** Runs `fault` and counts the responses meanwhile. @throws for any response but 204, 503 and none */
  async countResponses<Result>(
    fault: () => Promise<Result>,
  ): Promise<{readonly result: Result; readonly answers: Answers}> {
    const {load} = this;
    const [unavailable, none] = [load.answered(UNAVAILABLE), load.answered(NO_ANSWER)];
    const result = await fault();
    const others = [...load.answers.keys()].filter(
      (status) => status !== ACCEPTED && status !== UNAVAILABLE && status !== NO_ANSWER,
    );
    if (others.length > 0) throw new Error(`callbacks were answered ${others.join(', ')}`);
    return {
      result,
      answers: {
        unavailable: load.answered(UNAVAILABLE) - unavailable,
        none: load.answered(NO_ANSWER) - none,
      },
    };
  }

  /**
   * Pauses the callbacks and compares what each session received with the journal.
   * @throws when an event is missing or duplicate, or an accepted callback is not in the journal
   */
  async check(): Promise<void> {
    await this.load.stop();
    await this.waitUntilCaughtUp();
    const pushed = await this.#deliveredOffsets();
    const deliveryError = findDeliveryError(this.crowd.sessions, pushed);
    if (deliveryError !== undefined) throw new Error(deliveryError);
    const [row] = await this.cluster.sql('SELECT count(*) AS entries FROM hookswitch.entries');
    if (Number(row?.['entries']) !== this.load.accepted)
      throw new Error(
        `${this.load.accepted} callbacks were accepted, but the journal has ${String(row?.['entries'])} entries`,
      );
    const restarts = this.crowd.sessions.filter((session) => session.restarts > 0).length;
    if (restarts > 0) throw new Error(`${restarts} sessions were not recovered`);
    this.load.start();
  }

  async close(): Promise<void> {
    await this.load.stop();
    this.crowd.close();
    await this.cluster.close();
    for (const link of this.links) await link[Symbol.asyncDispose]();
  }

  /** Offsets of all events that sessions receive, in order. */
  async #deliveredOffsets(): Promise<readonly number[]> {
    const rows = await this.cluster.sql(
      `SELECT "offset" FROM hookswitch.entries WHERE verdict = 'applied' ORDER BY "offset"`,
    );
    return rows.map((row) => Number(row['offset']));
  }
}
