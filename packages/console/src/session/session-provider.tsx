/** Shows the login until a session is open, and provides the session to everything below. */
import {HookswitchProvider} from '@hookswitch/client/react';
import {type ReactNode, useMemo, useSyncExternalStore} from 'react';
import {Login} from './login.tsx';
import type {OpenSession, Session} from './session.ts';
import {SessionContext} from './session-context.ts';

export interface SessionProviderProps {
  readonly session: Session;
  readonly children: ReactNode;
}

export function SessionProvider({session, children}: SessionProviderProps) {
  const state = useSyncExternalStore(session.subscribe, session.getSnapshot);
  if (state.phase !== 'open') {
    return (
      <Login
        state={state}
        onKey={(key) => void session.signIn(key)}
        onRetry={session.retry}
        onSignOut={() => session.signOut()}
      />
    );
  }
  return (
    <Open session={session} state={state}>
      {children}
    </Open>
  );
}

function Open({session, state, children}: SessionProviderProps & {readonly state: OpenSession}) {
  const value = useMemo(() => ({...state, signOut: () => session.signOut()}), [session, state]);
  return (
    <SessionContext value={value}>
      <HookswitchProvider client={state.client}>{children}</HookswitchProvider>
    </SessionContext>
  );
}
