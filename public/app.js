/**
 * The page: puts key, connection, calls, form and keys together.
 *
 * @import {KnownCall} from './calls.js'
 * @import {ConnectionState} from './connection.js'
 * @import {ServerMessage} from '../packages/protocol/src/messages.ts'
 */
import {forgetKey, rememberedKey, rememberKey, takeKeyFromAddress} from './access-key.js';
import {CallTable} from './call-table.js';
import {Calls, isActive} from './calls.js';
import {ServerClock} from './clock.js';
import {Connection} from './connection.js';
import {ConnectionView} from './connection-view.js';
import {DialForm} from './dial-form.js';
import {byId, setText} from './elements.js';
import {HangUps} from './hang-ups.js';
import {installKeys} from './keyboard.js';
import {spoken} from './words.js';

const TICK_MS = 250;
/** More changes than this at once are counted, not read out. */
const MAX_SPOKEN = 3;

const login = byId('login', HTMLFormElement);
const keyField = byId('key', HTMLInputElement);
const keyError = byId('key-error', HTMLElement);
const consoleBox = byId('console', HTMLElement);
const tools = byId('tools', HTMLElement);
const announcer = byId('announcer', HTMLElement);
const emptyNote = byId('calls-empty', HTMLElement);

const clock = new ServerClock();
/** @type {Connection | undefined} */
let connection;
let calls = new Calls();
let mayControl = true;
/** @type {ConnectionState['phase']} */
let phase = 'connecting';
/** @type {KnownCall[]} */
let changed = [];
let isRenderDue = false;

const hangUps = new HangUps({send: (message) => connection?.send(message) ?? false, onChange: renderSoon});
const table = new CallTable({onHangUp: (callSid) => hangUps.ask(callSid)});
const dialForm = new DialForm({
  url: new URL('api/calls', document.baseURI),
  accessKey: rememberedKey,
  onUnauthorized: () => askForKey('This key is not accepted any more.'),
});
const connectionView = new ConnectionView({onReconnect: () => connection?.retryNow()});

installKeys({
  isReady: () => !consoleBox.hidden,
  move: (step) => table.move(step),
  hangUp: hangUpSelected,
  dial: () => dialForm.focus(),
  leave: () => table.move(0),
});

login.addEventListener('submit', (event) => {
  event.preventDefault();
  const key = keyField.value.trim();
  if (key === '') setText(keyError, 'Enter the key.');
  else open(key);
});
byId('sign-out', HTMLButtonElement).addEventListener('click', () => askForKey(''));
addEventListener('hashchange', begin);
addEventListener('online', () => {
  // Not when it has stopped: what was refused is not a question of the network.
  if (phase === 'waiting') connection?.retryNow();
});
setInterval(() => {
  if (phase === 'live') table.tick(clock.now());
}, TICK_MS);

byId('loading', HTMLElement).remove();
begin();

/** A link with another key may be opened in this tab at any time. */
function begin() {
  const key = takeKeyFromAddress() ?? (connection === undefined ? rememberedKey() : undefined);
  if (key !== undefined) open(key);
  else if (connection === undefined) askForKey('');
}

/** @param {string} key */
function open(key) {
  connection?.stop();
  rememberKey(key);
  keyField.value = '';
  setText(keyError, '');
  calls = new Calls();
  hangUps.clear();
  dialForm.clear();
  login.hidden = true;
  tools.hidden = false;
  consoleBox.hidden = false;
  const url = new URL('ws', document.baseURI);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  connection = new Connection({url, key, onMessage, onState});
  connection.start();
}

/** @param {string} why */
function askForKey(why) {
  connection?.stop();
  connection = undefined;
  forgetKey();
  // Whoever sits here next without a key must not read what the last one saw.
  calls = new Calls();
  hangUps.clear();
  dialForm.clear();
  document.title = 'Hookswitch';
  consoleBox.hidden = true;
  tools.hidden = true;
  login.hidden = false;
  connectionView.show({phase: 'unauthorized', wasLive: false});
  setText(keyError, why);
  renderSoon();
  keyField.focus();
}

/** @param {ConnectionState} state */
function onState(state) {
  if (phase === 'live' && state.phase !== 'live') hangUps.connectionLost();
  phase = state.phase;
  if (state.phase === 'unauthorized') {
    askForKey(state.wasLive ? 'This key is not accepted any more.' : 'This key was not accepted.');
    return;
  }
  connectionView.show(state);
  renderSoon();
}

/** @param {ServerMessage} message */
function onMessage(message) {
  switch (message.type) {
    case 'session.ready':
      clock.set(message.timestamp);
      mayControl = message.scopes.some((scope) => scope === 'calls:control' || scope === 'calls:control:all');
      break;
    case 'session.heartbeat':
      clock.set(message.timestamp);
      break;
    case 'call.snapshot':
      calls.replaceActive(message.calls);
      break;
    case 'call.status': {
      const call = calls.apply(message);
      if (call === undefined) break;
      if (!isActive(call)) hangUps.ended(call.callSid);
      changed.push(call);
      break;
    }
    case 'call.action.accepted':
      hangUps.accepted(message);
      break;
    case 'session.expiring':
      // The access key does not expire; when another token does, 4401 asks for a new one.
      break;
    case 'error':
      setText(announcer, message.message);
      if (hangUps.failed(message) === undefined) console.warn('hookswitch:', message.code, message.message);
  }
  renderSoon();
}

function hangUpSelected() {
  const call = table.selected === undefined ? undefined : calls.get(table.selected);
  if (call === undefined) setText(announcer, 'No call is selected.');
  else if (!isActive(call)) setText(announcer, 'This call has ended.');
  else if (mayControl) hangUps.ask(call.callSid);
}

/** However much arrives in a frame, it is drawn once. */
function renderSoon() {
  if (isRenderDue) return;
  isRenderDue = true;
  requestAnimationFrame(() => {
    isRenderDue = false;
    render();
  });
}

function render() {
  const rows = calls.rows();
  table.render(rows, {hangUps, mayControl, isLive: phase === 'live'}, clock.now());
  dialForm.show(mayControl);
  byId('read-only', HTMLElement).hidden = mayControl;
  const {activeCount} = calls;
  setText(byId('calls-count', HTMLElement), rows.length === 0 ? '' : `${activeCount} in progress`);
  if (connection !== undefined)
    document.title = activeCount === 0 ? 'Hookswitch' : `(${activeCount}) Hookswitch`;
  setText(emptyNote, emptyWords());
  emptyNote.hidden = rows.length > 0;
  if (changed.length > MAX_SPOKEN)
    setText(announcer, `${changed.length} changes, ${activeCount} in progress`);
  else if (changed.length > 0) setText(announcer, changed.map(spoken).join('; '));
  changed = [];
}

function emptyWords() {
  if (phase === 'live') return 'No calls. Place one above, or have somebody call your number.';
  return phase === 'connecting' ? 'Loading calls…' : 'Not connected: whether there are calls is not known.';
}
