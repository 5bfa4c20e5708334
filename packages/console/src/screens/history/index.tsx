/** History: the ended calls page by page, and their outcomes per hour. */
import {useMemo, useRef} from 'react';
import {useLocation, useSearch} from 'wouter';
import {EmptyState} from '../../design/states.tsx';
import {gatewayClock} from '../../gateway-clock.ts';
import {useScope} from '../../session/session-context.ts';
import {IgnoredNote} from '../../shell/ignored-note.tsx';
import {Screen} from '../../shell/screen.tsx';
import {useShortcut} from '../../shell/shortcuts.ts';
import {Calls} from './calls.tsx';
import {
  filterFromQuery,
  filterToQuery,
  type HistoryFilter,
  ignoredFromQuery,
  periodFault,
  withCursor,
} from './history-filter.ts';
import {HistoryFilterBar} from './history-filter-bar.tsx';
import {Hours} from './hours.tsx';
import {type EntryState, usePlace} from './places.ts';

export default function HistoryScreen() {
  const mayRead = useScope('calls:read');
  const mayReadAll = useScope('calls:read:all');
  if (mayRead || mayReadAll) return <History />;
  return (
    <Screen title="History">
      <EmptyState title="Your key does not allow viewing calls" icon="lock">
        It needs the scope <code>calls:read</code> or <code>calls:read:all</code>.
      </EmptyState>
    </Screen>
  );
}

function History() {
  const query = useSearch();
  const [location, navigate] = useLocation();
  const {place, trail} = usePlace();
  const search = useRef<HTMLInputElement>(null);
  const filter = useMemo(() => filterFromQuery(query), [query]);
  const fault = periodFault(filter.period);
  const {now} = gatewayClock;
  const isOwnOnly = !useScope('calls:read:all');

  const go = (next: string, options: {readonly replace?: boolean; readonly state?: EntryState} = {}) =>
    navigate(next === '' ? location : `${location}?${next}`, options);
  const setFilter = (next: HistoryFilter, {typed = false} = {}) => go(filterToQuery(next), {replace: typed});
  useShortcut('/', 'Filter the calls', () => search.current?.focus());

  return (
    <Screen title="History" {...(isOwnOnly && {note: 'your own calls'})}>
      <HistoryFilterBar filter={filter} onChange={setFilter} inputRef={search} now={now} />
      <IgnoredNote ignored={ignoredFromQuery(query)} />
      {fault === undefined ? (
        <>
          <Hours
            filter={filter}
            now={now}
            place={place}
            onPick={(from, to) => setFilter({...filter, period: {kind: 'between', from, to}})}
          />
          <Calls
            query={query}
            filter={filter}
            now={now}
            place={place}
            trail={trail}
            onFilter={setFilter}
            onPage={(cursor, nextTrail) => go(withCursor(query, cursor), {state: {trail: nextTrail}})}
          />
        </>
      ) : (
        <EmptyState title="Invalid time range" icon="search">
          {fault}
        </EmptyState>
      )}
    </Screen>
  );
}
