/**
 * A scene tests what nodes promise each other, within seconds: journal nodes in one process on a new database, without
 * gateways. A mutant is loaded into that process as into a gateway.
 */

import type {SeededRandom} from '../../test/support/simulation/random.ts';
import type {Violation, ViolationKind} from '../history/history.ts';

export interface Stage {
  readonly random: SeededRandom;
  /** Database URL. */
  readonly url: string;
  readonly nodes: number;
  /** Disposed at the end of the scene, in reverse order. */
  readonly stack: AsyncDisposableStack;
  readonly violate: (kind: ViolationKind, detail: string) => void;
  readonly note: (text: string) => void;
}

/** @throws Error for a missing reaction, which becomes the violation `stuck` */
export type Scene = (stage: Stage) => Promise<void>;

export const sceneNames = ['crossing', 'no-notifications', 'commits-gone', 'stale-lease'] as const;
export type SceneName = (typeof sceneNames)[number];

/** Printed by a scene's process at its end. */
export interface SceneResult {
  readonly violations: readonly Violation[];
  readonly notes: readonly string[];
}

/** Time limit for events that must happen, in milliseconds. A poll takes one second. */
export const SOON_MS = 5000;
