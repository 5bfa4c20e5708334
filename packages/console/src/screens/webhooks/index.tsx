/** Webhooks: the recent requests, and the reasons for refusals. */
import {useEffect, useMemo, useRef, useState, useSyncExternalStore} from 'react';
import {useLocation, useSearch} from 'wouter';
import {Button} from '../../design/button.tsx';
import {EmptyState, Failed, Loading, NotAllowed, Stale} from '../../design/states.tsx';
import {type ListNavigation, useListNavigation} from '../../design/use-list-navigation.ts';
import {useInfo, useScope} from '../../session/session-context.ts';
import {IgnoredNote} from '../../shell/ignored-note.tsx';
import {Screen} from '../../shell/screen.tsx';
import {useShortcut} from '../../shell/shortcuts.ts';
import {useWebhookFeed} from './use-webhook-feed.ts';
import {WebhookDetail} from './webhook-detail.tsx';
import type {LoadedFeed, WebhookFeed} from './webhook-feed.ts';
import {
  filterFromQuery,
  filterToQuery,
  ignoredFromQuery,
  isEmptyFilter,
  NO_FILTER,
  shownFromQuery,
  shownToQuery,
  type WebhookFilter,
} from './webhook-filter.ts';
import {WebhookFilterBar} from './webhook-filter-bar.tsx';
import {WebhookList} from './webhook-list.tsx';
import styles from './webhooks.module.css';

export default function WebhooksScreen() {
  const missing = [
    ...(useScope('sessions:read') ? [] : ['sessions:read']),
    ...(useScope('calls:read:all') ? [] : ['calls:read:all']),
  ];
  if (missing.length === 0) return <Webhooks />;
  return (
    <Screen title="Webhooks">
      <EmptyState title="Your key does not allow viewing webhooks" icon="lock">
        Webhooks contain data of all users’ calls. Your key lacks the{' '}
        {missing.length === 1 ? 'scope' : 'scopes'} <code>{missing[0]}</code>
        {missing.length > 1 && (
          <>
            {' '}
            and <code>{missing[1]}</code>
          </>
        )}
        .
      </EmptyState>
    </Screen>
  );
}

function Webhooks() {
  const query = useSearch();
  const [location, navigate] = useLocation();
  const [isPaused, setPaused] = useState(false);
  const filter = useMemo(() => filterFromQuery(query), [query]);
  const {feed, snapshot} = useWebhookFeed(useSame(filter), isPaused);
  const search = useRef<HTMLInputElement>(null);
  const loaded = snapshot.state === 'ready' ? snapshot : undefined;
  const selection = useSelection(loaded);
  const go = (next: string, options?: {readonly replace: boolean}) =>
    navigate(next === '' ? location : `${location}?${next}`, options);
  const setFilter = (next: WebhookFilter, {typed = false} = {}) =>
    go(filterToQuery(next, query), {replace: typed});
  const showNew = () => {
    window.scrollTo({top: 0});
    feed.showNew();
  };
  useShortcut('/', 'Filter the webhooks', () => search.current?.focus());
  useShortcut('p', isPaused ? 'Resume new webhooks' : 'Pause new webhooks', () => setPaused(!isPaused));
  useShortcut('n', 'Show the new webhooks', showNew, {enabled: (loaded?.waiting ?? 0) > 0});
  return (
    <Screen title="Webhooks" note={loaded && <Note loaded={loaded} isPaused={isPaused} />}>
      {!selection.isAlone && (
        <WebhookFilterBar
          filter={filter}
          onChange={setFilter}
          counts={loaded?.counts}
          isPaused={isPaused}
          onPause={() => setPaused(!isPaused)}
          inputRef={search}
        />
      )}
      {!selection.isAlone && <IgnoredNote ignored={ignoredFromQuery(query)} />}
      {snapshot.state === 'loading' && <Loading lines={10} label="Loading the webhooks…" />}
      {snapshot.state === 'forbidden' && <NotAllowed error={snapshot.error} />}
      {snapshot.state === 'failed' && <Failed error={snapshot.error} onRetry={feed.retry} />}
      {loaded !== undefined && (
        <Panes
          feed={feed}
          loaded={loaded}
          filter={filter}
          selection={selection}
          onClear={() => setFilter(NO_FILTER)}
          onNew={showNew}
        />
      )}
    </Screen>
  );
}

interface PanesProps extends NothingProps {
  readonly feed: WebhookFeed;
  readonly selection: Selection;
}

/** The list and the selected webhook next to it, or one of them on a narrow page. */
function Panes({feed, selection, ...rest}: PanesProps) {
  const {loaded, onNew} = rest;
  const {navigation, shownId, isNarrow, isAlone, show, close} = selection;
  const isEmpty = loaded.rows.length === 0;
  return (
    <>
      {loaded.stale !== undefined && <Stale error={loaded.stale} at={loaded.at} />}
      {loaded.restarted && (
        <p className={styles.restarted} role="status">
          The gateway was restarted. Earlier webhooks are no longer in its memory; their effects are in the
          calls.
        </p>
      )}
      {isEmpty && shownId === undefined ? (
        <Nothing {...rest} />
      ) : (
        <div className={styles.panes}>
          {!isAlone && isEmpty && <Nothing {...rest} />}
          {!isAlone && !isEmpty && (
            <WebhookList
              feed={feed}
              snapshot={loaded}
              navigation={navigation}
              shownId={shownId}
              onOpen={show}
              onNew={onNew}
            />
          )}
          {shownId !== undefined && <WebhookDetail id={shownId} onBack={isNarrow ? close : undefined} />}
          {shownId === undefined && !isNarrow && <NoneSelected />}
        </div>
      )}
    </>
  );
}

function NoneSelected() {
  return (
    <div className={styles.unchosen}>
      <EmptyState title="No webhook selected" icon="webhook">
        Select a row, or use <kbd>j</kbd> and <kbd>k</kbd>, to see the request, the response and the reason.
      </EmptyState>
    </div>
  );
}

interface Selection {
  readonly navigation: ListNavigation;
  /** The id of the shown webhook, from the URL. */
  readonly shownId: number | undefined;
  readonly isNarrow: boolean;
  /** The webhook fills the page, without the list. */
  readonly isAlone: boolean;
  readonly show: (id: number | undefined) => void;
  readonly close: () => void;
}

/** Which webhook is selected in the list, and which one is shown. */
function useSelection(loaded: LoadedFeed | undefined): Selection {
  const query = useSearch();
  const [location, navigate] = useLocation();
  const isNarrow = useIsNarrow();
  const listScroll = useRef(0);
  const shownId = shownFromQuery(query);
  const isAlone = isNarrow && shownId !== undefined;
  const show = (id: number | undefined) => {
    if (id === shownId) return;
    // On a narrow page, opening a webhook is a step for the back button; next to the list it is not.
    if (isNarrow && id !== undefined) listScroll.current = window.scrollY;
    const next = shownToQuery(id, query);
    navigate(next === '' ? location : `${location}?${next}`, {replace: !(isNarrow && id !== undefined)});
  };
  const ids = useMemo(() => loaded?.rows.map(({id}) => String(id)) ?? [], [loaded?.rows]);
  const navigation = useListNavigation({
    ids,
    noun: 'webhook',
    onOpen: (id) => show(Number(id)),
    ...(shownId !== undefined && {initial: String(shownId)}),
  });
  useFollow({navigation, shownId, isNarrow, show});
  const close = () => {
    const id = shownId;
    show(undefined);
    navigation.select(isNarrow && id !== undefined ? String(id) : undefined);
    if (!isNarrow && document.activeElement instanceof HTMLElement) document.activeElement.blur();
  };
  useShortcut('Escape', 'Back to the list', close, {
    enabled: shownId !== undefined || navigation.selectedId !== undefined,
    inPalette: false,
  });
  useEffect(() => {
    if (isNarrow) window.scrollTo({top: isAlone ? 0 : listScroll.current});
  }, [isNarrow, isAlone]);
  return {navigation, shownId, isNarrow, isAlone, show, close};
}

/** Returns the same object while the filter is equal, independent of the other URL parameters. */
function useSame(filter: WebhookFilter): WebhookFilter {
  const {text, outcome} = filter;
  return useMemo(() => ({text, ...(outcome !== undefined && {outcome})}), [text, outcome]);
}

interface FollowOptions {
  readonly navigation: ListNavigation;
  readonly shownId: number | undefined;
  readonly isNarrow: boolean;
  readonly show: (id: number | undefined) => void;
}

/** Next to the list, shows the selected webhook; on a narrow page, only the opened one. */
function useFollow({navigation, shownId, isNarrow, show}: FollowOptions): void {
  const {selectedId} = navigation;
  const shown = useRef(show);
  useEffect(() => {
    shown.current = show;
  });
  const followed = useRef(selectedId);
  useEffect(() => {
    if (selectedId === followed.current) return;
    followed.current = selectedId;
    if (!isNarrow && selectedId !== undefined && selectedId !== String(shownId))
      shown.current(Number(selectedId));
  }, [selectedId, isNarrow, shownId]);
}

const NARROW = '(max-width: 60rem)';

/** There is room for one pane only. */
function useIsNarrow(): boolean {
  return useSyncExternalStore(subscribeToWidth, () => matchMedia(NARROW).matches);
}

function subscribeToWidth(listener: () => void): () => void {
  const media = matchMedia(NARROW);
  media.addEventListener('change', listener);
  return () => media.removeEventListener('change', listener);
}

function Note({loaded, isPaused}: {readonly loaded: LoadedFeed; readonly isPaused: boolean}) {
  const {accepted, refused, failed} = loaded.counts;
  const all = accepted + refused + failed;
  return (
    <>
      {all.toLocaleString()} since the gateway started
      {loaded.waiting > 0 && ` · ${loaded.waiting} new, ${isPaused ? 'paused' : 'waiting'}`}
    </>
  );
}

interface NothingProps {
  readonly loaded: LoadedFeed;
  readonly filter: WebhookFilter;
  readonly onClear: () => void;
  readonly onNew: () => void;
}

function Nothing({loaded, filter, onClear, onNew}: NothingProps) {
  const {publicUrl} = useInfo();
  if (loaded.waiting > 0) {
    return (
      <EmptyState
        title={`${loaded.waiting} new, while paused`}
        icon="pause"
        actions={
          <Button keys="n" onPress={onNew}>
            Show
          </Button>
        }
      />
    );
  }
  if (!isEmptyFilter(filter)) {
    return (
      <EmptyState
        title="No webhook matches the filter"
        icon="search"
        actions={<Button onPress={onClear}>Clear filter</Button>}
      >
        The filter covers the last 1,000 webhooks signed by Twilio and the last 1,000 others.
      </EmptyState>
    );
  }
  return (
    <EmptyState title="No webhooks yet" icon="webhook">
      The gateway has not received a request for <code>{`${publicUrl}/twilio/voice`}</code> or{' '}
      <code>{`${publicUrl}/twilio/status`}</code> since it started. All requests appear here, including
      refused ones.
    </EmptyState>
  );
}
