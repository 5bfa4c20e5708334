/** Scenes as faults: interactions between journal nodes, without gateways. */
import type {SceneName} from '../scenes/scene.ts';
import type {Fault} from './fault.ts';

export interface SceneFault extends Pick<Fault, 'name' | 'what' | 'unavailable'> {
  readonly scene: SceneName;
}

export const sceneFaults: readonly SceneFault[] = [
  {
    name: 'pg-crossing',
    what: 'callbacks of the same calls at all nodes at once, duplicate and in any order; without gateways',
    scene: 'crossing',
  },
  {
    name: 'pg-deaf-node',
    what: 'one idle node receives no notifications from the others; without gateways',
    scene: 'deaf',
  },
  {
    name: 'pg-commits-gone',
    what: 'the last commits are lost, and their offsets are assigned again; without gateways',
    scene: 'commits-gone',
  },
  {
    name: 'pg-stale-lease',
    what: 'another node takes over a lease while its holder is paused, and the holder continues; without gateways',
    scene: 'stale-lease',
  },
];
