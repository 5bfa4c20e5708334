/** Entry point. It removes the key from the URL before anything else runs. */
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

/** The gateway's URL from `<base href>`. */
const baseUrl = new URL('.', document.baseURI).href;
const keys = createKeyStore({tab: () => sessionStorage, shared: () => localStorage, baseUrl});
const given = takeKeyFromAddress(window);
if (given !== undefined) keys.write(given);

applyTheme();

const basePath = new URL(baseUrl).pathname.replace(/\/$/, '');
// When the page is opened without the proxy, the URL lacks the path of PUBLIC_URL. Screen URLs always have
// it.
if (!`${location.pathname}/`.startsWith(`${basePath}/`)) {
  history.replaceState(history.state, '', basePath + location.pathname + location.search);
}
const session = new Session({
  baseUrl,
  keys,
  tabs: createOtherTabs(() => new BroadcastChannel(`hookswitch ${baseUrl}`)),
  clock: gatewayClock,
  onLeave: hideAllNumbers,
  // A filter in the URL may contain a phone number.
  onSignOut: () => history.replaceState(null, '', baseUrl),
  createClient: (token) => createClient({url: baseUrl, token, connect: 'now', storage: 'session'}),
});
session.start();

addEventListener('pageshow', ({persisted}) => {
  if (persisted) session.recheck();
});

// A link with a key, opened in the same tab, changes only the fragment, so the page is not reloaded.
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
