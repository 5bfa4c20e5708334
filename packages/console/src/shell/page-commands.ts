/** What the palette offers of the page beneath it that has no key. */
import {useEffect, useSyncExternalStore} from 'react';

/** A command that has no key. */
export interface PageCommand {
  readonly label: string;
  readonly run: () => void;
}

/** One list a component that is mounted, in the order they came. */
let offered: readonly (readonly PageCommand[])[] = [];
let all: readonly PageCommand[] = [];
const listeners = new Set<() => void>();

function offer(next: readonly (readonly PageCommand[])[]): void {
  offered = next;
  all = next.flat();
  for (const listener of listeners) listener();
}

/** While the component is mounted. Give the same list as long as it is the same commands. */
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
