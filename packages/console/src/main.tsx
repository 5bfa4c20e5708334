/** The page's start: the key leaves the address before anything else runs. */
import './tokens.css';
import './base.css';
import {createClient} from '@hookswitch/client';
import {StrictMode} from 'react';
import {createRoot} from 'react-dom/client';
import {App} from './app.tsx';
import {createKeyStore, takeKeyFromAddress} from './session/access-key.ts';
import {Session} from './session/session.ts';
import {applyTheme} from './shell/theme.ts';

const keys = createKeyStore(() => sessionStorage);
const given = takeKeyFromAddress(window);
if (given !== undefined) keys.write(given);

applyTheme();

/** Where the gateway says it is, in `<base href>`. */
const baseUrl = new URL('.', document.baseURI).href;
const basePath = new URL(baseUrl).pathname.replace(/\/$/, '');
// Opened beside the proxy that PUBLIC_URL's path belongs to: addresses of screens have that path all the same.
if (!`${location.pathname}/`.startsWith(`${basePath}/`)) {
  history.replaceState(history.state, '', basePath + location.pathname + location.search);
}
const session = new Session({
  baseUrl,
  keys,
  createClient: (token) => createClient({url: baseUrl, token, connect: 'now', storage: 'session'}),
});
session.start();

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
