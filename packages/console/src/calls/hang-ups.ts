/**
 * Commands to hang up that are under way: one a call, however often and wherever somebody asks, until its end is seen.
 * Lives as long as the session.
 */
import {type CallState, type HookswitchClient, HookswitchError} from '@hookswitch/client';
import {refusalLabels} from '../api/refusal-labels.ts';

export type HangUpState =
  /** Asked for; the end has not been seen yet. */
  | {readonly phase: 'under-way'}
  /** In words, and what to do about it. */
  | {readonly phase: 'failed'; readonly message: string};

export class HangUps {
  readonly #client: Pick<HookswitchClient, 'disconnect'>;
  readonly #listeners = new Set<() => void>();
  #states: ReadonlyMap<string, HangUpState> = new Map();

  constructor(client: Pick<HookswitchClient, 'disconnect'>) {
    this.#client = client;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly getSnapshot = (): ReadonlyMap<string, HangUpState> => this.#states;

  /** Never rejects: what became of it is the state. */
  async ask(callSid: string): Promise<void> {
    if (this.#states.get(callSid)?.phase === 'under-way') return;
    this.#set(callSid, {phase: 'under-way'});
    this.#set(callSid, await this.#outcome(this.#client.disconnect(callSid)));
  }

  /** Somebody has read why it failed. */
  forget(callSid: string): void {
    if (this.#states.get(callSid)?.phase === 'failed') this.#set(callSid, undefined);
  }

  async #outcome(ended: Promise<CallState>): Promise<HangUpState | undefined> {
    try {
      await ended;
      return undefined;
    } catch (thrown) {
      // It has ended, by whomever: that is all there was to want.
      if (thrown instanceof HookswitchError && thrown.code === 'call_ended') return undefined;
      return {phase: 'failed', message: failureLabels(thrown)};
    }
  }

  #set(callSid: string, state: HangUpState | undefined): void {
    const next = new Map(this.#states);
    if (state === undefined) next.delete(callSid);
    else next.set(callSid, state);
    this.#states = next;
    for (const listener of this.#listeners) listener();
  }
}

function failureLabels(thrown: unknown): string {
  if (!(thrown instanceof HookswitchError)) return 'Hanging up failed. Try again.';
  if (thrown.code === 'timeout') return 'Not seen to end yet. The call may still end; you can try again.';
  return refusalLabels(thrown);
}
