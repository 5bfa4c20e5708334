/**
 * The page at /_simulator. It fetches the state once a second and displays it. External data is set as text,
 * never as markup.
 */
const base = '/_simulator';
const EVERY_MS = 1000;
const byId = (id) => document.getElementById(id);

/** The card of each leg. Cards are reused, so that an input or a player survives a refresh. */
const cards = new Map();
let clockMode = 'running';

function element(name, {text, ...properties} = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  if (text !== undefined) made.textContent = text;
  made.append(...children);
  return made;
}

async function request(method, path, body) {
  const init = body === undefined ? {method} : {method, body: JSON.stringify(body)};
  const response = await fetch(base + path, init);
  const text = await response.text();
  const answer = text === '' ? {} : JSON.parse(text);
  if (!response.ok) throw new Error(answer.error ?? `HTTP ${response.status}`);
  return answer;
}

/** Runs an action and refreshes at once. */
async function act(method, path, body) {
  try {
    await request(method, path, body);
    byId('problem').textContent = '';
  } catch (error) {
    byId('problem').textContent = error.message;
  }
  await refresh();
}

function button(text, onclick) {
  return element('button', {type: 'button', text, onclick});
}

function inputForm(label, name, send) {
  const input = element('input', {name, placeholder: label, ariaLabel: label, required: true});
  const form = element('form', {}, input, element('button', {type: 'submit', text: label}));
  form.onsubmit = (event) => {
    event.preventDefault();
    send(input.value);
    input.value = '';
  };
  return form;
}

function createCard(sid) {
  const path = `/calls/${sid}`;
  const parts = {
    title: element('b'),
    status: element('span', {className: 'status'}),
    about: element('span', {className: 'quiet'}),
    steps: element('ol', {className: 'steps'}),
    warnings: element('div'),
    recordings: element('div'),
    answer: button('Answer', () => act('POST', `${path}/answer`)),
    decline: button('Decline', () => act('POST', `${path}/decline`)),
    legs: element('div'),
    shown: {steps: '', warnings: '', recordings: ''},
  };
  parts.acts = element(
    'div',
    {className: 'acts'},
    parts.answer,
    parts.decline,
    button('Hang up', () => act('POST', `${path}/hang-up`)),
    inputForm('Press keys', 'keys', (keys) => act('POST', `${path}/keys`, {keys})),
    inputForm('Say', 'text', (text) => act('POST', `${path}/speak`, {text})),
  );
  parts.card = element(
    'article',
    {},
    element('div', {className: 'head'}, parts.title, parts.status, parts.about),
    element('div', {className: 'sid', text: sid}),
    parts.steps,
    parts.warnings,
    parts.recordings,
    parts.acts,
    parts.legs,
  );
  parts.card.dataset.sid = sid;
  return parts;
}

/** Replaces the content of a list only if it has changed. */
function renew(parts, name, items, render) {
  const now = JSON.stringify(items);
  if (parts.shown[name] === now) return;
  parts.shown[name] = now;
  parts[name].replaceChildren(...items.map(render));
}

function stepLine({verb, text, heard, nested, attributes}) {
  const details = Object.entries(attributes).map(([name, value]) => `${name}="${value}"`);
  const title = details.join(' ');
  const said = heard ?? [text, title].filter((part) => part !== '').join(' ');
  return element(
    'li',
    {className: nested ? 'nested' : '', title},
    element('span', {className: 'verb', text: verb}),
    ' ',
    element('span', {className: heard === null ? 'heard quiet' : 'heard', text: said}),
  );
}

function recordingLine({sid, status, durationSeconds}) {
  const length = durationSeconds === null ? '' : `, ${durationSeconds} s`;
  const line = element('p', {text: `Recording ${sid}: ${status}${length}`, className: 'quiet'});
  if (status !== 'completed') return line;
  const audio = element('audio', {controls: true, preload: 'none', src: `${base}/recordings/${sid}.wav`});
  return element('div', {}, line, audio);
}

function warningLine({code, message}) {
  return element('p', {className: 'warning', text: `${code} ${message}`});
}

function showLeg(call) {
  const parts = cards.get(call.sid) ?? createCard(call.sid);
  cards.set(call.sid, parts);
  const isOver = call.endedAt !== null;
  const isRinging = call.status === 'ringing' && call.direction !== 'inbound';
  parts.title.textContent = `${call.from} → ${call.to}`;
  parts.status.textContent = call.status;
  parts.status.dataset.live = String(!isOver);
  const facts = [call.direction, new Date(call.createdAt).toLocaleTimeString()];
  if (call.durationSeconds !== null) facts.push(`${call.durationSeconds} s`);
  if (call.answeredBy !== null) facts.push(`answered by ${call.answeredBy}`);
  parts.about.textContent = facts.join(' · ');
  renew(parts, 'steps', call.steps, stepLine);
  renew(parts, 'warnings', call.warnings, warningLine);
  renew(parts, 'recordings', call.recordings, recordingLine);
  parts.acts.hidden = isOver;
  parts.answer.hidden = !isRinging;
  parts.decline.hidden = !isRinging;
  if (call.legs !== undefined) place(parts.legs, call.legs.map(showLeg));
  return parts.card;
}

/**
 * Orders the children without moving those in the right place, because moving an element stops its player.
 */
function place(parent, children) {
  const kept = new Set(children);
  for (const child of [...parent.children]) if (!kept.has(child)) child.remove();
  children.forEach((child, at) => {
    if (parent.children[at] !== child) parent.insertBefore(child, parent.children[at] ?? null);
  });
}

function show({account, clock, calls, callCount, warnings}) {
  clockMode = clock.mode;
  byId('account').textContent =
    `${account.accountSid} · ${account.phoneNumber} · speed ×${account.speed} · ${callCount} calls`;
  byId('time').textContent = `${clock.seconds.toFixed(1)} s (${clock.mode})`;
  byId('mode').textContent = clock.mode === 'manual' ? 'Start the clock' : 'Stop the clock';
  for (const each of document.querySelectorAll('.manual')) each.hidden = clock.mode !== 'manual';
  place(byId('calls'), calls.map(showLeg));
  byId('no-calls').hidden = calls.length > 0;
  const shown = new Set(calls.flatMap((call) => [call.sid, ...call.legs.map(({sid}) => sid)]));
  for (const sid of cards.keys()) if (!shown.has(sid)) cards.delete(sid);
  const lines = warnings.map(({at, code, message, callSid}) => {
    const line = `${new Date(at).toLocaleTimeString()} ${code} ${message}`;
    return element(
      'li',
      {},
      element('span', {className: 'warning', text: line}),
      ' ',
      element('span', {className: 'sid', text: callSid ?? ''}),
    );
  });
  byId('warnings').replaceChildren(...lines);
  byId('no-warnings').hidden = lines.length > 0;
}

async function refresh() {
  try {
    show(await request('GET', '/state'));
    byId('connection').textContent = '';
  } catch {
    byId('connection').textContent = 'The simulator does not respond. Retrying…';
  }
}

async function listScenarios() {
  const {scenarioNames} = await request('GET', '/about');
  byId('place').elements.scenario.append(...scenarioNames.map((name) => element('option', {text: name})));
}

byId('place').onsubmit = (event) => {
  event.preventDefault();
  const fields = Object.entries(Object.fromEntries(new FormData(event.target)));
  void act('POST', '/calls', Object.fromEntries(fields.filter(([, value]) => value !== '')));
};
byId('clock').onsubmit = (event) => {
  event.preventDefault();
  void act('POST', '/clock/advance', {seconds: Number(event.target.elements.seconds.value)});
};
byId('mode').onclick = () => act('PUT', '/clock', {mode: clockMode === 'manual' ? 'running' : 'manual'});
byId('reset').onclick = () => {
  if (confirm('Delete all calls, recordings, numbers and settings?')) void act('POST', '/reset');
};

/** Refreshes one after another, however long each takes. */
async function watch() {
  if (!document.hidden) await refresh();
  setTimeout(() => void watch(), EVERY_MS);
}

listScenarios().catch(() => {});
void watch();
