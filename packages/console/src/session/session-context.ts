/** The open session for components. All components below the shell are within one. */

import type {HookswitchClient} from '@hookswitch/client';
import type {GatewayInfo, Scope} from '@hookswitch/protocol';
import {createContext, useContext} from 'react';
import type {Api} from '../api/api.ts';
import type {OpenSession} from './session.ts';

export interface SessionValue extends OpenSession {
  readonly signOut: () => void;
}

export const SessionContext = createContext<SessionValue | undefined>(undefined);

export function useSession(): SessionValue {
  const session = useContext(SessionContext);
  if (session === undefined) throw new Error('this component must be inside an open session');
  return session;
}

export function useApi(): Api {
  return useSession().api;
}

export function useClient(): HookswitchClient {
  return useSession().client;
}

export function useInfo(): GatewayInfo {
  return useSession().info;
}

/** Whether the key has the scope. Controls that need a missing scope are hidden. */
export function useScope(scope: Scope): boolean {
  return useSession().info.scopes.includes(scope);
}
