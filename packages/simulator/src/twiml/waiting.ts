import {isAbort} from '../clock.ts';
import type {VerbContext} from './host.ts';

/** Waits simulated seconds of the call. */
export async function pause({host, signal}: VerbContext, seconds: number): Promise<void> {
  await host.clock.sleep(seconds * 1000, signal);
}

/** The next key the far end presses within so many seconds, or null. */
export async function readKey({call, host, signal}: VerbContext, seconds: number): Promise<string | null> {
  const ready = call.keypad.take();
  if (ready !== null) return ready;
  const pressed = new AbortController();
  call.keypad.onPress(() => pressed.abort());
  try {
    await host.clock.sleep(seconds * 1000, AbortSignal.any([signal, pressed.signal]));
  } catch (error) {
    if (signal.aborted || !isAbort(error)) throw error;
  } finally {
    call.keypad.onPress(null);
  }
  return call.keypad.take();
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
