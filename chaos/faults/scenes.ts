/** Scenes as faults: interactions between journal nodes, without gateways. */
import type {SceneName} from '../scenes/scene.ts';
import type {Fault} from './fault.ts';

export interface SceneFault extends Pick<Fault, 'name' | 'description' | 'unavailable'> {
  readonly scene: SceneName;
}

export const sceneFaults: readonly SceneFault[] = [
  {
    name: 'pg-crossing',
    description:
      'callbacks of the same calls at all nodes at once, duplicate and in any order; without gateways',
    scene: 'crossing',
  },
  {
    name: 'pg-no-notifications',
    description: 'one idle node receives no notifications from the others; without gateways',
    scene: 'no-notifications',
  },
  {
    name: 'pg-commits-gone',
    description: 'the last commits are lost, and their offsets are assigned again; without gateways',
    scene: 'commits-gone',
  },
  {
    name: 'pg-stale-lease',
    description:
      'another node takes over a lease while its holder is paused, and the holder continues; without gateways',
    scene: 'stale-lease',
  },
];
