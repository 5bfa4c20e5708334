/** Palette commands of the current page that have no key. */
import {useEffect, useSyncExternalStore} from 'react';

/** A command without a key. */
export interface PageCommand {
  readonly label: string;
  readonly run: () => void;
}

/** One list per mounted component, in mounting order. */
let offered: readonly (readonly PageCommand[])[] = [];
let all: readonly PageCommand[] = [];
const listeners = new Set<() => void>();

function offer(next: readonly (readonly PageCommand[])[]): void {
  offered = next;
  all = next.flat();
  for (const listener of listeners) listener();
}

/** Offers the commands while the component is mounted. Pass the same list while the commands are the same. */
export function useOfferCommands(commands: readonly PageCommand[]): void {
  useEffect(() => {
    offer([...offered, commands]);
    return () => offer(offered.filter((each) => each !== commands));
  }, [commands]);
}

export function usePageCommands(): readonly PageCommand[] {
  return useSyncExternalStore(subscribe, () => all);
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
