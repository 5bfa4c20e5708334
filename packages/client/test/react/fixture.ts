/** Runs in the browser: components that use the hooks and record each render and its result. */
import {createElement as h, memo, StrictMode, startTransition, useLayoutEffect, useState} from 'react';
import {createRoot, type Root} from 'react-dom/client';
import {type CallState, createClient, type HookswitchClient} from '../../src/index.ts';
import {
  type CallFilter,
  HookswitchProvider,
  useCall,
  useCallDuration,
  useCalls,
  useConnection,
} from '../../src/react/index.ts';

const renders: Record<string, number> = {};
const torn: string[] = [];
let client: HookswitchClient;
let root: Root | undefined;

function note(name: string): void {
  renders[name] = (renders[name] ?? 0) + 1;
}

const Row = memo(({call}: {call: CallState}) => {
  note(`row ${call.to}`);
  return h('li', {'data-to': call.to}, call.providerStatus);
});

function List({name, filter}: {name: string; filter?: CallFilter | ((call: CallState) => boolean)}) {
  const calls = useCalls(filter);
  note(name);
  return h('ul', {id: name}, ...calls.map((call) => h(Row, {key: call.callSid, call})));
}

/** A function that is new in every render, as in typical code. */
function Inline() {
  const calls = useCalls((call) => call.to.endsWith('1'));
  note('inline');
  return h('output', {id: 'inline'}, calls.length);
}

function Connection() {
  const connection = useConnection();
  note('connection');
  return h('output', {id: 'connection'}, connection.phase);
}

function One({callSid}: {callSid: string}) {
  const call = useCall(callSid);
  note('one');
  return h('output', {id: 'one'}, call?.providerStatus ?? 'unknown');
}

function Duration({callSid, id}: {callSid: string; id: string}) {
  const seconds = useCallDuration(callSid);
  note(id);
  return h('output', {id}, seconds);
}

/** Renders slowly, so that the store changes during a transition. */
function Slow({index, seen}: {index: number; seen: Map<number, string>}) {
  const calls = useCalls();
  const value = calls.map((call) => `${call.callSid}:${call.offset}`).join();
  const until = performance.now() + 4;
  while (performance.now() < until);
  useLayoutEffect(() => {
    seen.set(index, value);
  });
  return h('i', null, value.length);
}

function Tearing() {
  const [shown, setShown] = useState(0);
  const seen = new Map<number, string>();
  useLayoutEffect(() => {
    const values = new Set(seen.values());
    if (values.size > 1) torn.push([...values].join(' | '));
    if (shown < 40) startTransition(() => setShown(shown + 1));
  });
  return h(
    'div',
    {id: 'tearing', 'data-shown': shown},
    ...Array.from({length: 12}, (_, index) => h(Slow, {key: `${index}.${shown}`, index, seen})),
  );
}

const parts = {
  all: () => h(List, {name: 'all'}),
  ringing: () => h(List, {name: 'ringing', filter: {status: 'ringing'}}),
  inline: () => h(Inline),
  connection: () => h(Connection),
  tearing: () => h(Tearing),
};

const fixture = {
  renders,
  torn,
  mount(names: readonly (keyof typeof parts)[], url: string, token: string): void {
    client = createClient({url, token});
    show(names.map((name) => h(parts[name], {key: name})));
  },
  watch(callSid: string): void {
    show([
      h(One, {key: 'one', callSid}),
      h(Duration, {key: 'a', id: 'a', callSid}),
      h(Duration, {key: 'b', id: 'b', callSid}),
    ]);
  },
  unmount(): void {
    root?.unmount();
    root = undefined;
  },
};

function show(children: Parameters<Root['render']>[0][]): void {
  const container = document.body.appendChild(document.createElement('main'));
  root ??= createRoot(container);
  root.render(h(StrictMode, null, h(HookswitchProvider, {client}, ...children)));
}

Object.assign(globalThis, {fixture});
