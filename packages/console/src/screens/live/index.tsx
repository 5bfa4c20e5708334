/** Live calls: the calls in progress, and the controls to start and end them. */
import {useCallback, useEffect, useMemo, useRef, useState, useSyncExternalStore} from 'react';
import {useLocation, useSearch} from 'wouter';
import {endpoints} from '../../api/endpoints.ts';
import {useResource} from '../../api/use-resource.ts';
import {HangUpDialog} from '../../calls/hang-up-dialog.tsx';
import {partyText} from '../../calls/party.tsx';
import {StaleNote} from '../../calls/stale-note.tsx';
import {useHangUps} from '../../calls/use-hang-ups.ts';
import {Button} from '../../design/button.tsx';
import {toggleRevealed} from '../../design/phone.tsx';
import {EmptyState, Loading} from '../../design/states.tsx';
import {type ListNavigation, useListNavigation} from '../../design/use-list-navigation.ts';
import {useInfo, useScope} from '../../session/session-context.ts';
import {IgnoredNote} from '../../shell/ignored-note.tsx';
import type {IgnoredValue} from '../../shell/ignored-values.ts';
import {Screen} from '../../shell/screen.tsx';
import {useShortcut} from '../../shell/shortcuts.ts';
import {
  type CallFilter,
  filterFromQuery,
  filterToQuery,
  ignoredFromQuery,
  isEmptyFilter,
  type StatusFilter,
  statusChoice,
} from './call-filter.ts';
import {CallFilterBar} from './call-filter-bar.tsx';
import {asOfGateway, ReturnNote, waitingLabels} from './connection-notes.tsx';
import {DialForm} from './dial-form.tsx';
import styles from './live.module.css';
import {LiveRows} from './live-rows.tsx';
import type {LiveTable, LiveTableSnapshot} from './live-table.ts';
import type {RowOrder} from './row-order.ts';
import {SimulatorPanel} from './simulator-panel.tsx';
import {useLiveTable} from './use-live-table.ts';

export default function LiveScreen() {
  const mayRead = useScope('calls:read');
  const mayReadAll = useScope('calls:read:all');
  if (mayRead || mayReadAll) return <LiveCalls />;
  return (
    <Screen title="Live calls">
      <EmptyState title="Your key does not allow viewing calls" icon="lock">
        It needs the scope <code>calls:read</code> or <code>calls:read:all</code>.
      </EmptyState>
    </Screen>
  );
}

const UNCONFIRMED_POLL_MS = 5000;

function LiveCalls() {
  const table = useLiveTable();
  const info = useInfo();
  const maySimulate = useScope('calls:control:all');
  const snapshot = useSyncExternalStore(table.subscribe, table.getSnapshot);
  const {order, freshness} = snapshot;
  const [filter, setFilter, ignored] = useFilter();
  useEffect(() => table.setFilter(filter), [table, filter]);
  const search = useRef<HTMLInputElement>(null);
  useShortcut('/', 'Filter the calls', () => search.current?.focus());
  const pause = () => table.setPaused(!snapshot.isPaused);
  useShortcut('p', snapshot.isPaused ? 'Resume new calls' : 'Pause new calls', pause);
  useShortcut('n', 'Show the new calls', () => table.showNew());
  const counts = countCalls(order);
  const onPlaced = (callSid: string) => table.expect(callSid);
  return (
    <Screen
      title="Live calls"
      note={<Counts counts={counts} order={order} freshness={freshness} />}
      // Next to the title, where it moves no rows when it appears.
      actions={<ConnectionNote snapshot={snapshot} />}
    >
      {info.simulated && maySimulate && <SimulatorPanel onPlaced={onPlaced} />}
      <Dialing isLive={freshness.kind === 'live'} onPlaced={onPlaced} />
      <CallFilterBar
        filter={filter}
        onChange={setFilter}
        counts={counts}
        isPaused={snapshot.isPaused}
        onPause={pause}
        inputRef={search}
      />
      <IgnoredNote ignored={ignored} />
      <CallTable
        table={table}
        snapshot={snapshot}
        filter={filter}
        onClear={() => setFilter({text: '', statuses: []})}
        onNew={() => table.showNew()}
      />
    </Screen>
  );
}

interface CallTableProps extends NothingProps {
  readonly table: LiveTable;
}

/** The rows with their selection and the hang-up dialog, or the empty state. */
function CallTable({table, ...rest}: CallTableProps) {
  const {snapshot} = rest;
  const {order, freshness} = snapshot;
  const unconfirmed = useUnconfirmed();
  const mayHangUp = useMayHangUp();
  const [hangingUp, setHangingUp] = useState<string>();
  const closeHangUp = useCallback(() => setHangingUp(undefined), []);
  const navigation = useCallNavigation(table, order);
  useSelectedCallKeys({
    navigation,
    order,
    mayHangUp: mayHangUp && freshness.kind === 'live',
    onHangUp: setHangingUp,
  });
  return (
    <>
      {order.lines.length === 0 ? (
        <Nothing {...rest} />
      ) : (
        <LiveRows
          table={table}
          snapshot={snapshot}
          navigation={navigation}
          unconfirmed={unconfirmed}
          asOf={asOfGateway(freshness)}
          mayHangUp={mayHangUp}
          onHangUp={setHangingUp}
        />
      )}
      <HangUp callSid={hangingUp} order={order} unconfirmed={unconfirmed} onClose={closeHangUp} />
    </>
  );
}

/** The selection, kept in the table so that it survives a visit to another screen. */
function useCallNavigation(table: LiveTable, {lines}: RowOrder): ListNavigation {
  const [, navigate] = useLocation();
  const ids = useMemo(() => lines.map(({callSid}) => callSid), [lines]);
  const navigation = useListNavigation({
    ids,
    noun: 'call',
    onOpen: (callSid) => navigate(`/calls/${callSid}`),
    ...(table.selected !== undefined && {initial: table.selected}),
  });
  const {selectedId} = navigation;
  useEffect(() => {
    table.selected = selectedId;
  }, [table, selectedId]);
  return navigation;
}

interface SelectedCallKeysOptions {
  readonly navigation: ListNavigation;
  readonly order: RowOrder;
  readonly mayHangUp: boolean;
  readonly onHangUp: (callSid: string) => void;
}

/** The shortcuts that apply to the selected call. */
function useSelectedCallKeys({navigation, order, mayHangUp, onHangUp}: SelectedCallKeysOptions): void {
  const {selectedId} = navigation;
  const selected = selectedId === undefined ? undefined : order.rows.get(selectedId);
  const hangUps = useHangUps();
  useShortcut(
    'x',
    'Hang up the selected call',
    () => {
      if (selectedId !== undefined && hangUps.getSnapshot().get(selectedId)?.phase !== 'under-way')
        onHangUp(selectedId);
    },
    {enabled: mayHangUp && selected?.life === 'in-progress'},
  );
  useShortcut(
    'r',
    'Show or hide the numbers of the selected call',
    () => selected && toggleRevealed(partyText(selected.call.from), partyText(selected.call.to)),
    {enabled: selected !== undefined},
  );
  useShortcut(
    'Escape',
    'Clear selection',
    () => {
      navigation.select(undefined);
      if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
    },
    {enabled: selected !== undefined, inPalette: false},
  );
}

interface HangUpProps {
  /** The call that the user wants to end. */
  readonly callSid: string | undefined;
  readonly order: RowOrder;
  readonly unconfirmed: ReadonlyMap<string, string>;
  readonly onClose: () => void;
}

/** The dialog follows the row while it is open, and closes when the call is over. */
function HangUp({callSid, order, unconfirmed, onClose}: HangUpProps) {
  const row = callSid === undefined ? undefined : order.rows.get(callSid);
  const call = row?.life === 'in-progress' ? row.call : undefined;
  const isOver = callSid !== undefined && call === undefined;
  useEffect(() => {
    if (isOver) onClose();
  }, [isOver, onClose]);
  return (
    <HangUpDialog
      call={call}
      unconfirmedSince={callSid === undefined ? undefined : unconfirmed.get(callSid)}
      onClose={onClose}
    />
  );
}

/** The filter is kept in the URL, so that it can be shared and survives a reload. */
function useFilter(): readonly [CallFilter, (filter: CallFilter) => void, readonly IgnoredValue[]] {
  const query = useSearch();
  const [location, navigate] = useLocation();
  const filter = useMemo(() => filterFromQuery(query), [query]);
  const setFilter = (next: CallFilter) => {
    const asked = filterToQuery(next, query);
    // Otherwise, every typed letter would be a step for the back button.
    navigate(asked === '' ? location : `${location}?${asked}`, {replace: true});
  };
  return [filter, setFilter, ignoredFromQuery(query)];
}

function useUnconfirmed(): ReadonlyMap<string, string> {
  const resource = useResource(endpoints.unconfirmedCalls(), {pollMs: UNCONFIRMED_POLL_MS});
  const data = resource.state === 'ready' ? resource.data : undefined;
  return useMemo(() => new Map(data?.calls.map(({callSid, since}) => [callSid, since])), [data]);
}

/** Own calls, or all; the gateway checks who owns a call. */
function useMayHangUp(): boolean {
  const own = useScope('calls:control');
  const all = useScope('calls:control:all');
  return own || all;
}

/** The palette opens `?dial` and `?dial=+15550100001`. */
function Dialing({
  isLive,
  onPlaced,
}: {
  readonly isLive: boolean;
  readonly onPlaced: (callSid: string) => void;
}) {
  const mayDial = useScope('calls:control');
  const input = useRef<HTMLInputElement>(null);
  const query = useSearch();
  const [location, navigate] = useLocation();
  const asked = new URLSearchParams(query).get('dial') ?? undefined;
  const [wanted, setWanted] = useState(asked);
  useShortcut(
    'd',
    'Dial a number',
    () => {
      input.current?.focus();
      input.current?.select();
    },
    {enabled: mayDial},
  );
  useEffect(() => {
    if (asked === undefined) return;
    setWanted(asked);
    input.current?.focus();
    const rest = new URLSearchParams(query);
    rest.delete('dial');
    navigate(rest.size === 0 ? location : `${location}?${rest}`, {replace: true});
  }, [asked, query, location, navigate]);
  if (mayDial) return <DialForm inputRef={input} wanted={wanted} onPlaced={onPlaced} isLive={isLive} />;
  return (
    <p className={styles.quiet}>
      To place calls, your key needs the scope <code>calls:control</code>.
    </p>
  );
}

type CallCounts = Readonly<Record<StatusFilter, number>>;

/** Legs are counted with their calls. */
function countCalls({rows}: RowOrder): CallCounts {
  const counts = {initiating: 0, ringing: 0, 'in-progress': 0, ended: 0};
  for (const {call, life} of rows.values()) {
    if (call.parentCallSid === undefined || !rows.has(call.parentCallSid))
      counts[statusChoice(call.status, life)] += 1;
  }
  return counts;
}

interface CountsProps {
  readonly counts: CallCounts;
  readonly order: RowOrder;
  readonly freshness: LiveTableSnapshot['freshness'];
}

function Counts({counts, order, freshness}: CountsProps) {
  if (freshness.kind === 'none') return null;
  const running = counts.initiating + counts.ringing + counts['in-progress'];
  const legs = [...order.rows.values()].filter(
    ({call, life}) =>
      life === 'in-progress' && call.parentCallSid !== undefined && order.rows.has(call.parentCallSid),
  ).length;
  const shown = order.lines.filter(({isLeg}) => !isLeg).length;
  const known = running + counts.ended - order.newCalls;
  return (
    <>
      {running} {freshness.kind === 'stale' && (running === 1 ? 'was ' : 'were ')}in progress
      {legs > 0 && ` · ${legs} leg${legs === 1 ? '' : 's'}`}
      {!isEmptyFilter(order.filter) && ` · ${shown} of ${Math.max(shown, known)} shown`}
    </>
  );
}

function ConnectionNote({snapshot: {freshness, returned}}: {readonly snapshot: LiveTableSnapshot}) {
  if (freshness.kind === 'stale') return <StaleNote asOf={freshness.asOf} />;
  return freshness.kind === 'live' && returned !== undefined ? <ReturnNote returned={returned} /> : null;
}

interface NothingProps {
  readonly snapshot: LiveTableSnapshot;
  readonly filter: CallFilter;
  readonly onClear: () => void;
  readonly onNew: () => void;
}

function Nothing({snapshot: {connection, freshness, order, isPaused}, filter, onClear, onNew}: NothingProps) {
  const {simulated} = useInfo();
  const mayDial = useScope('calls:control');
  if (freshness.kind === 'none') {
    const words = waitingLabels(connection);
    if (words === undefined) return <Loading label="Loading the calls in progress…" />;
    return (
      <EmptyState title="Not connected" icon="alert">
        {words}
      </EmptyState>
    );
  }
  if (order.newCalls > 0) {
    return (
      <EmptyState
        title={`${order.newCalls} new, while paused`}
        icon="pause"
        actions={
          <Button keys="n" onPress={onNew}>
            Show
          </Button>
        }
      />
    );
  }
  if (!isEmptyFilter(filter) && order.rows.size > 0) {
    return (
      <EmptyState
        title="No call matches the filter"
        icon="search"
        actions={<Button onPress={onClear}>Clear filter</Button>}
      >
        The filter hides {order.rows.size === 1 ? '1 call' : `${order.rows.size} calls`}.
      </EmptyState>
    );
  }
  return (
    <EmptyState
      title={freshness.kind === 'stale' ? 'No calls were in progress' : 'No calls in progress'}
      icon="phone"
    >
      {isPaused ? 'New calls are paused. ' : ''}
      {simulated
        ? 'Try one of the scenarios above.'
        : `Calls appear here as soon as Twilio reports them${mayDial ? ', or when you place one' : ''}.`}
    </EmptyState>
  );
}
