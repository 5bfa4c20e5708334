/** Computes how changed calls change the table `call_statistics`. */
import type {CallOutcome} from '@hookswitch/protocol';
import type {CallChange} from '../../append-decision.ts';
import type {CallRecord} from '../../call-event.ts';
import {outcomeOf, statisticsVisibility, wasAnswered} from '../../call-facets.ts';

const HOUR_MS = 3_600_000;

export interface StatisticsChange extends Record<CallOutcome, number> {
  readonly audience: string;
  readonly hour: number;
  answered: number;
}

/** Collects the changes, one row per visibility key and hour. Rows without a change are left out. */
export class StatisticsChanges {
  readonly #changes = new Map<string, StatisticsChange>();

  /** Adds the change of a call. Without `after`, the call is deleted. */
  add({before, after}: {readonly before?: CallRecord; readonly after?: CallRecord} | CallChange): void {
    if (before !== undefined) this.#count(before, -1);
    if (after !== undefined) this.#count(after, 1);
  }

  get rows(): readonly StatisticsChange[] {
    return [...this.#changes.values()].filter(
      ({answered, completed, busy, canceled, failed, 'no-answer': noAnswer}) =>
        answered !== 0 || completed !== 0 || busy !== 0 || canceled !== 0 || failed !== 0 || noAnswer !== 0,
    );
  }

  #count(call: CallRecord, by: 1 | -1): void {
    const outcome = outcomeOf(call);
    if (outcome === undefined || call.parentCallSid !== undefined) return;
    const audiences = [undefined, ...(call.owner === undefined ? [] : [call.owner])].map(
      statisticsVisibility,
    );
    for (const audience of audiences) {
      const row = this.#row(audience, Math.floor(call.createdAt / HOUR_MS));
      row[outcome] += by;
      if (wasAnswered(call)) row.answered += by;
    }
  }

  #row(audience: string, hour: number): StatisticsChange {
    const key = `${hour} ${audience}`;
    const row = this.#changes.get(key) ?? {
      audience,
      hour,
      answered: 0,
      completed: 0,
      busy: 0,
      'no-answer': 0,
      canceled: 0,
      failed: 0,
    };
    this.#changes.set(key, row);
    return row;
  }
}
