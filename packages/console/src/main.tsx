/** The page's start: the key leaves the address before anything else runs. */
import './tokens.css';
import './base.css';
import {createClient} from '@hookswitch/client';
import {StrictMode} from 'react';
import {createRoot} from 'react-dom/client';
import {App} from './app.tsx';
import {hideAllNumbers} from './design/phone.tsx';
import {gatewayClock} from './gateway-clock.ts';
import {createKeyStore, takeKeyFromAddress} from './session/access-key.ts';
import {createOtherTabs} from './session/other-tabs.ts';
import {Session} from './session/session.ts';
import {applyTheme} from './shell/theme.ts';

/** Where the gateway says it is, in `<base href>`. */
const baseUrl = new URL('.', document.baseURI).href;
const keys = createKeyStore({tab: () => sessionStorage, shared: () => localStorage, baseUrl});
const given = takeKeyFromAddress(window);
if (given !== undefined) keys.write(given);

applyTheme();

const basePath = new URL(baseUrl).pathname.replace(/\/$/, '');
// Opened beside the proxy that PUBLIC_URL's path belongs to: addresses of screens have that path all the same.
if (!`${location.pathname}/`.startsWith(`${basePath}/`)) {
  history.replaceState(history.state, '', basePath + location.pathname + location.search);
}
const session = new Session({
  baseUrl,
  keys,
  tabs: createOtherTabs(() => new BroadcastChannel(`hookswitch ${baseUrl}`)),
  clock: gatewayClock,
  onLeave: hideAllNumbers,
  // A filter in the address may hold a number.
  onSignOut: () => history.replaceState(null, '', baseUrl),
  createClient: (token) => createClient({url: baseUrl, token, connect: 'now', storage: 'session'}),
});
session.start();

addEventListener('pageshow', ({persisted}) => {
  if (persisted) session.recheck();
});

// A link with a key, opened in the same tab, changes only the fragment: the page is not loaded anew.
addEventListener('hashchange', () => {
  const key = takeKeyFromAddress(window);
  if (key !== undefined) void session.signIn(key);
});

const root = document.getElementById('root');
if (root === null) throw new Error('index.html has no #root');
createRoot(root).render(
  <StrictMode>
    <App session={session} basePath={basePath} />
  </StrictMode>,
);
