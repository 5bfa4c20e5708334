/** Scenes as faults: what nodes of the journal do to each other, without gateways before them. */
import type {SceneName} from '../scenes/scene.ts';
import type {Fault} from './fault.ts';

export interface SceneFault extends Pick<Fault, 'name' | 'what' | 'unavailable'> {
  readonly scene: SceneName;
}

export const sceneFaults: readonly SceneFault[] = [
  {
    name: 'pg-crossing',
    what: 'callbacks of the same calls at all nodes at once, repeated and in any order; without gateways',
    scene: 'crossing',
  },
  {
    name: 'pg-deaf-node',
    what: 'one node hears nothing of the others, and does nothing itself that would make it look; without gateways',
    scene: 'deaf',
  },
  {
    name: 'pg-commits-gone',
    what: 'the last commits are gone, and their offsets are given out anew; without gateways',
    scene: 'commits-gone',
  },
  {
    name: 'pg-stale-lease',
    what: 'another node has taken over a duty while its holder stood still, and the holder asks; without gateways',
    scene: 'stale-lease',
  },
];
