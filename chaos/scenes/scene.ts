/**
 * What several nodes promise each other, put to the test within seconds: nodes of the journal in a process of their own, on a
 * fresh database, without gateways before them. A mutant is loaded into that process as it is into a gateway.
 */

import type {SeededRandom} from '../../test/support/simulation/random.ts';
import type {Violation, ViolationKind} from '../history/history.ts';

export interface Stage {
  readonly random: SeededRandom;
  /** Of the database. */
  readonly url: string;
  readonly nodes: number;
  /** Ends with the scene, the last one first. */
  readonly stack: AsyncDisposableStack;
  readonly violate: (kind: ViolationKind, detail: string) => void;
  readonly note: (text: string) => void;
}

/** @throws Error — what should have happened did not: the violation `stuck` */
export type Scene = (stage: Stage) => Promise<void>;

export const sceneNames = ['crossing', 'deaf', 'commits-gone', 'stale-lease'] as const;
export type SceneName = (typeof sceneNames)[number];

/** What a scene's process says at its end. */
export interface SceneResult {
  readonly violations: readonly Violation[];
  readonly notes: readonly string[];
}

/** How long whatever is sure to happen may take, in milliseconds: a poll takes one second. */
export const SOON_MS = 5000;
