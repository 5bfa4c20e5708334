/** Connections: the sessions, their lag, how sessions end, and the messages that each was sent. */
import {useConnection} from '@hookswitch/client/react';
import {useEffect, useMemo, useRef, useState} from 'react';
import {useLocation, useSearch} from 'wouter';
import {Button} from '../../design/button.tsx';
import {EmptyState, Failed, Loading, NotAllowed, Stale} from '../../design/states.tsx';
import {Time} from '../../design/time.tsx';
import {useScope} from '../../session/session-context.ts';
import {IgnoredNote} from '../../shell/ignored-note.tsx';
import {Screen} from '../../shell/screen.tsx';
import {useShortcut} from '../../shell/shortcuts.ts';
import {CloseCounts} from './close-counts.tsx';
import styles from './connections.module.css';
import {NodeTable} from './node-table.tsx';
import {SentDialog} from './sent-dialog.tsx';
import {SessionFilterBar} from './session-filter-bar.tsx';
import {formatCount, plural} from './session-labels.ts';
import type {LoadedSessions} from './session-list.ts';
import {
  filterFromQuery,
  filterToQuery,
  ignoredFromQuery,
  openedFromQuery,
  openedToQuery,
  type SessionFilter,
} from './session-query.ts';
import {SessionRows} from './session-rows.tsx';
import {useSessionList} from './use-session-list.ts';

export default function ConnectionsScreen() {
  if (useScope('sessions:read')) return <Connections />;
  return (
    <Screen title="Connections">
      <EmptyState title="Your key does not allow viewing sessions" icon="lock">
        It needs the scope <code>sessions:read</code>.
      </EmptyState>
    </Screen>
  );
}

/** Delay between the last typed letter and the request. */
const TYPING_MS = 200;

function Connections() {
  const query = useSearch();
  const [location, navigate] = useLocation();
  const [isPaused, setPaused] = useState(false);
  const filter = useMemo(() => filterFromQuery(query), [query]);
  const {list, snapshot} = useSessionList(useSettled(filter, TYPING_MS), isPaused);
  const search = useRef<HTMLInputElement>(null);
  const ownId = useOwnSession();
  const mayOpen = useScope('calls:read:all');
  const opened = openedFromQuery(query);

  const go = (next: string, options?: {replace: boolean}) =>
    navigate(next === '' ? location : `${location}?${next}`, options);
  const setFilter = (next: SessionFilter) => {
    // Otherwise, every typed letter would be a step for the back button.
    go(filterToQuery(next, query), {replace: true});
    window.scrollTo({top: 0});
  };
  useShortcut('/', 'Filter the sessions', () => search.current?.focus());
  useShortcut('p', isPaused ? 'Resume updating the sessions' : 'Pause updating the sessions', () =>
    setPaused(!isPaused),
  );
  const showLatest = () => {
    window.scrollTo({top: 0});
    list.showLatest();
  };
  useShortcut('n', 'Show the latest sessions', showLatest);

  const loaded = snapshot.state === 'ready' ? snapshot : undefined;
  return (
    <Screen title="Connections" note={loaded && <Note loaded={loaded} isPaused={isPaused} />}>
      <SessionFilterBar
        filter={filter}
        onChange={setFilter}
        counts={loaded?.counts}
        isPaused={isPaused}
        onPause={() => setPaused(!isPaused)}
        inputRef={search}
      />
      <IgnoredNote ignored={ignoredFromQuery(query)} />
      {loaded !== undefined && <CloseCounts counts={loaded.counts} />}
      {loaded?.onlyThisNode && (
        <p className={styles.quiet} role="status">
          The database is unreachable: these are only the sessions of the node that serves this page.
        </p>
      )}
      {loaded?.nodes !== undefined && <NodeTable nodes={loaded.nodes} />}
      {!mayOpen && (
        <p className={styles.quiet}>
          To see the messages that a session was sent, your key needs the scope <code>calls:read:all</code>,
          because they are about calls.
        </p>
      )}
      {snapshot.state === 'loading' && <Loading label="Loading the sessions…" />}
      {snapshot.state === 'forbidden' && <NotAllowed error={snapshot.error} />}
      {snapshot.state === 'failed' && <Failed error={snapshot.error} onRetry={list.showLatest} />}
      {loaded?.stale !== undefined && <Stale error={loaded.stale} at={loaded.at} />}
      {loaded !== undefined &&
        (loaded.rows.length === 0 ? (
          <NoSessions
            filter={filter}
            open={loaded.counts.open}
            onClear={() => setFilter({...ALL, sort: filter.sort})}
          />
        ) : (
          <>
            <SessionRows
              list={list}
              snapshot={loaded}
              sort={filter.sort}
              onSort={(sort) => setFilter({...filter, sort})}
              ownId={ownId}
              onOpen={mayOpen ? (sessionId) => go(openedToQuery(sessionId, query)) : undefined}
            />
            {loaded.news !== undefined && <News news={loaded.news} onShow={showLatest} />}
          </>
        ))}
      {opened !== undefined && (
        <SentDialog
          key={opened}
          sessionId={opened}
          isOwn={opened === ownId}
          onClose={() => go(openedToQuery(undefined, query), {replace: true})}
        />
      )}
    </Screen>
  );
}

const ALL: SessionFilter = {q: '', sort: 'connected'};

/** The session of this page's own connection. */
function useOwnSession(): string | undefined {
  const connection = useConnection();
  return connection.phase === 'live' || connection.phase === 'catching-up' ? connection.sessionId : undefined;
}

/** Debounces the text of the filter; the other fields apply at once. */
function useSettled(filter: SessionFilter, delayMs: number): SessionFilter {
  const [q, setQ] = useState(filter.q);
  useEffect(() => {
    const timer = setTimeout(() => setQ(filter.q), delayMs);
    return () => clearTimeout(timer);
  }, [filter.q, delayMs]);
  return useMemo(() => ({...filter, q}), [filter, q]);
}

function Note({loaded: {counts, total, at}, isPaused}: {loaded: LoadedSessions; isPaused: boolean}) {
  return (
    <>
      {plural(counts.open, 'session')}
      {total !== counts.open && ` · ${formatCount(total)} shown`}
      {counts.lagging > 0 && (
        <>
          {' · '}
          <span className={styles.behind}>{formatCount(counts.lagging)} behind</span>
        </>
      )}
      {isPaused && (
        <>
          {' · '}paused, as of <Time at={at} format="clock" />
        </>
      )}
    </>
  );
}

interface NewsProps {
  readonly news: NonNullable<LoadedSessions['news']>;
  readonly onShow: () => void;
}

/** Overlays the page, so that nothing moves when it appears. */
function News({news: {newSessions}, onShow}: NewsProps) {
  return (
    <div className={styles.news} role="status">
      <Button variant="primary" keys="n" onPress={onShow}>
        {newSessions === 0 ? 'The order has changed' : `${formatCount(newSessions)} new`}
      </Button>
    </div>
  );
}

interface NoSessionsProps {
  readonly filter: SessionFilter;
  readonly open: number;
  readonly onClear: () => void;
}

function NoSessions({filter, open, onClear}: NoSessionsProps) {
  if (filter.q === '' && filter.phase === undefined) {
    return (
      <EmptyState title="No sessions" icon="connections">
        The connection of this page is down, too. Every WebSocket session appears here as soon as it opens.
      </EmptyState>
    );
  }
  return (
    <EmptyState
      title="No session matches the filter"
      icon="search"
      actions={<Button onPress={onClear}>Clear filter</Button>}
    >
      {open === 1 ? 'The filter hides 1 session.' : `The filter hides ${formatCount(open)} sessions.`}
    </EmptyState>
  );
}
