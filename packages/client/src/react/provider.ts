/** Provides the client to the hooks. */
import {createContext, createElement, type ReactElement, type ReactNode, useContext} from 'react';
import type {HookswitchClient} from '../client-api.ts';

const ClientContext = createContext<HookswitchClient | undefined>(undefined);

export interface HookswitchProviderProps {
  /**
   * Create it once, outside of components: `const client = createClient({…})`. The provider neither connects nor
   * disposes of it. Therefore StrictMode, Suspense and moving the provider in the tree cannot break the connection.
   */
  readonly client: HookswitchClient;
  readonly children?: ReactNode;
}

/** Provides `client` to the hooks of all components below. */
export function HookswitchProvider({client, children}: HookswitchProviderProps): ReactElement {
  return createElement(ClientContext.Provider, {value: client}, children);
}

/** Returns the client, to place and end calls. @throws Error outside of a {@link HookswitchProvider} */
export function useHookswitch(): HookswitchClient {
  const client = useContext(ClientContext);
  if (client === undefined) {
    throw new Error('Hookswitch hooks need a <HookswitchProvider client={…}> above them.');
  }
  return client;
}
