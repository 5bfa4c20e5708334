import {isAbort} from '../clock.ts';
import type {VerbContext} from './host.ts';

/** Waits for simulated seconds of the call. */
export async function pause({host, signal}: VerbContext, seconds: number): Promise<void> {
  await host.clock.sleep(seconds * 1000, signal);
}

/** The kinds of input to wait for. */
export interface Wanted {
  readonly keys: boolean;
  readonly speech: boolean;
}

export type Input =
  | {readonly kind: 'key'; readonly key: string}
  | {readonly kind: 'speech'; readonly text: string};

/** Returns the far end's next key or utterance within a number of seconds, or null. */
export async function readInput(
  context: VerbContext,
  seconds: number,
  wanted: Wanted,
): Promise<Input | null> {
  const ready = take(context, wanted);
  if (ready !== null) return ready;
  const {host, signal} = context;
  const heard = new AbortController();
  const stop = onInput(context, wanted, () => heard.abort());
  try {
    await host.clock.sleep(seconds * 1000, AbortSignal.any([signal, heard.signal]));
  } catch (error) {
    if (signal.aborted || !isAbort(error)) throw error;
  } finally {
    stop();
  }
  return take(context, wanted);
}

/** Calls the listener for each input, at once if there is some already. Returns a function that stops it. */
export function onInput({call}: VerbContext, {keys, speech}: Wanted, listener: () => void): () => void {
  if (keys) call.keypad.onPress(listener);
  if (speech) call.voice.onSpeak(listener);
  if ((keys && call.keypad.hasPending) || (speech && call.voice.hasPending)) listener();
  return () => {
    if (keys) call.keypad.onPress(null);
    if (speech) call.voice.onSpeak(null);
  };
}

function take({call}: VerbContext, {keys, speech}: Wanted): Input | null {
  const key = keys ? call.keypad.take() : null;
  if (key !== null) return {kind: 'key', key};
  const text = speech ? call.voice.take() : null;
  return text === null ? null : {kind: 'speech', text};
}

/** Rejects with an AbortError when `signal` aborts first. */
export async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const onAbort = () => aborted.reject(new DOMException('Aborted', 'AbortError'));
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort, {once: true});
  try {
    return await Promise.race([promise, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

/** Waits until the call ends or is redirected. */
export async function waitForever({signal}: VerbContext): Promise<never> {
  return await unlessAborted(new Promise<never>(() => {}), signal);
}
