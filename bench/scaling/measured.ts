/**
 * What `npm run bench -- --write` has measured of several gateways on one Postgres, as data: the model of
 * docs/SCALING.md is set and checked by it.
 */
import measured from './measured.json' with {type: 'json'};

/** Callbacks appended as fast as the answers come: so many nodes, so many callbacks under way. */
export interface AppendMeasurement {
  readonly nodes: number;
  /** Callbacks that are under way at a time, of all nodes together. */
  readonly inFlight: number;
  /** Callbacks answered a second, of all nodes together. */
  readonly perSecond: number;
  /** From the request to its 204. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Entries per commit, mean. */
  readonly groupSize: number;
  /** CPU per callback of all nodes together, those included that only read it. */
  readonly nodeCpuUs: number;
  /** CPU per callback of all processes of Postgres. */
  readonly postgresCpuUs: number;
}

/** The journal's adapter alone: groups of one size, one after the other. */
export interface GroupMeasurement {
  /** Entries of the group. */
  readonly size: number;
  /** Median, from the answer to the lock until that to the commit. */
  readonly lockedMs: number;
  /** Entries a second, the wait for the lock included. */
  readonly perSecond: number;
}

/** What is written. */
export interface Measured {
  /** Day of the run, `YYYY-MM-DD`. */
  readonly date: string;
  readonly appends: readonly AppendMeasurement[];
  readonly groups: readonly GroupMeasurement[];
}

const data: Measured = measured;

/** Day of the run, `YYYY-MM-DD`. */
export const measuredOn = data.date;
export const appendMeasurements = data.appends;
export const groupMeasurements = data.groups;
