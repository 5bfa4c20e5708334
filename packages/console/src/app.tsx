/** Maps URLs to screens. Each screen is a chunk of its own. */
import {Suspense, useEffect} from 'react';
import {Link, Redirect, Route, Router, Switch, useLocation} from 'wouter';
import {ErrorBoundary} from './design/error-boundary.tsx';
import {EmptyState, Loading} from './design/states.tsx';
import type {Session} from './session/session.ts';
import {useInfo} from './session/session-context.ts';
import {SessionProvider} from './session/session-provider.tsx';
import {isFirstVisit, markVisited} from './shell/first-visit.ts';
import {lazyAhead} from './shell/load-ahead.tsx';
import {Screen} from './shell/screen.tsx';
import {Shell} from './shell/shell.tsx';

const LiveScreen = lazyAhead(() => import('./screens/live/index.tsx'));
const CallScreen = lazyAhead(() => import('./screens/call/index.tsx'));
const HistoryScreen = lazyAhead(() => import('./screens/history/index.tsx'));
const WebhooksScreen = lazyAhead(() => import('./screens/webhooks/index.tsx'));
const ConnectionsScreen = lazyAhead(() => import('./screens/connections/index.tsx'));
const HealthScreen = lazyAhead(() => import('./screens/health/index.tsx'));

export interface AppProps {
  readonly session: Session;
  /** Path of PUBLIC_URL without a trailing slash; empty if PUBLIC_URL has no path. */
  readonly basePath: string;
}

export function App({session, basePath}: AppProps) {
  return (
    <Router base={basePath}>
      <SessionProvider session={session}>
        <Shell>
          <Screens />
        </Shell>
      </SessionProvider>
    </Router>
  );
}

function Screens() {
  const [location] = useLocation();
  useEffect(() => {
    if (location !== '/') markVisited();
  }, [location]);
  return (
    // The key resets the boundary when the user leaves the screen that failed.
    <ErrorBoundary key={location}>
      <Suspense fallback={<Loading />}>
        <Switch>
          <Route path="/">
            <Home />
          </Route>
          <Route path="/calls/:callSid">
            {({callSid}) => <CallScreen key={callSid} callSid={decodeURIComponent(callSid)} />}
          </Route>
          <Route path="/history">
            <HistoryScreen />
          </Route>
          <Route path="/webhooks">
            <WebhooksScreen />
          </Route>
          <Route path="/connections">
            <ConnectionsScreen />
          </Route>
          <Route path="/health">
            <HealthScreen />
          </Route>
          <Route>
            <Missing />
          </Route>
        </Switch>
      </Suspense>
    </ErrorBoundary>
  );
}

/** The live calls. A gateway that has never had a call opens with the health page on the first visit. */
function Home() {
  const {used} = useInfo();
  return !used && isFirstVisit() ? <Redirect to="/health" replace /> : <LiveScreen />;
}

function Missing() {
  return (
    <Screen title="Not found">
      <EmptyState title="This page does not exist" actions={<Link href="/">Live calls</Link>} />
    </Screen>
  );
}
