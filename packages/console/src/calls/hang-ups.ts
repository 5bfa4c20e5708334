/**
 * Commands to hang up that are in progress, at most one per call. A command lasts until the end of the call
 * is seen. One instance per session.
 */
import {type CallState, type HookswitchClient, HookswitchError} from '@hookswitch/client';
import {refusalLabels} from '../api/refusal-labels.ts';

export type HangUpState =
  /** Sent; the end of the call has not been seen yet. */
  | {readonly phase: 'under-way'}
  /** What failed, and what to do about it. */
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

  /** Never rejects: the outcome becomes the state. */
  async ask(callSid: string): Promise<void> {
    if (this.#states.get(callSid)?.phase === 'under-way') return;
    this.#set(callSid, {phase: 'under-way'});
    this.#set(callSid, await this.#outcome(this.#client.disconnect(callSid)));
  }

  /** The user has read why it failed. */
  forget(callSid: string): void {
    if (this.#states.get(callSid)?.phase === 'failed') this.#set(callSid, undefined);
  }

  async #outcome(ended: Promise<CallState>): Promise<HangUpState | undefined> {
    try {
      await ended;
      return undefined;
    } catch (thrown) {
      // The call has already ended, which is the desired result.
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
  if (thrown.code === 'timeout')
    return 'The end is not confirmed yet. The call may still end; you can try again.';
  return refusalLabels(thrown);
}
