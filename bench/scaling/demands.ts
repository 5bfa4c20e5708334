/** What docs/SCALING.md works out: a table over rates, sessions and audiences, and a few cases told in words. */
import type {Demand} from './sizing.ts';

/** Events of a call: queued or initiated, ringing, in progress, completed, and now and then one more. */
export const EVENTS_PER_CALL = 5;

/** Each rate with few and many sessions, of which few or all are told of an event. */
export const demands: readonly Demand[] = [
  {perSecond: 10, sessions: 100, audience: 100},
  {perSecond: 10, sessions: 5000, audience: 5},
  {perSecond: 10, sessions: 5000, audience: 5000},
  {perSecond: 100, sessions: 1000, audience: 10},
  {perSecond: 100, sessions: 1000, audience: 1000},
  {perSecond: 100, sessions: 10_000, audience: 10},
  {perSecond: 100, sessions: 10_000, audience: 1000},
  {perSecond: 500, sessions: 10_000, audience: 10},
  {perSecond: 500, sessions: 10_000, audience: 500},
  {perSecond: 2000, sessions: 10_000, audience: 10},
  {perSecond: 2000, sessions: 40_000, audience: 100},
  {perSecond: 5000, sessions: 40_000, audience: 10},
  {perSecond: 10_000, sessions: 100_000, audience: 10},
  {perSecond: 50_000, sessions: 200_000, audience: 10},
];

export interface Case {
  readonly name: string;
  readonly story: string;
  readonly demand: Demand;
}

export const cases: readonly Case[] = [
  {
    name: 'A service desk',
    story:
      '3,600 calls an hour, and three times that in the busiest second; 800 people, each of whom sees their own calls',
    demand: {perSecond: 15, sessions: 800, audience: 2},
  },
  {
    name: 'Wallboards',
    story: '36,000 calls an hour, twice that in the busiest second; 2,000 screens that show all of them',
    demand: {perSecond: 100, sessions: 2000, audience: 2000},
  },
  {
    name: 'A campaign',
    story: 'a million calls an hour, as evenly as the dialler goes; 300 people who watch a tenth of it each',
    demand: {perSecond: 1400, sessions: 300, audience: 30},
  },
  {
    name: 'A platform',
    story:
      'many accounts, together 20,000 events in the busiest second; 60,000 sessions, 15 of which are told of each',
    demand: {perSecond: 20_000, sessions: 60_000, audience: 15},
  },
];
