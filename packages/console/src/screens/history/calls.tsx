/** One page of the ended calls that match the filter, with paging. */
import {useMemo} from 'react';
import {useLocation} from 'wouter';
import {partyText} from '../../calls/party.tsx';
import {Button} from '../../design/button.tsx';
import {classes} from '../../design/classes.ts';
import {NewsPill} from '../../design/news-pill.tsx';
import {toggleRevealed} from '../../design/phone.tsx';
import {Failed, Loading, NotAllowed, Stale} from '../../design/states.tsx';
import {useListNavigation} from '../../design/use-list-navigation.ts';
import {useShortcut} from '../../shell/shortcuts.ts';
import styles from './history.module.css';
import {cursorFromQuery, type HistoryFilter, toCallQuery} from './history-filter.ts';
import {HistoryRows} from './history-rows.tsx';
import {NoCalls} from './no-calls.tsx';
import type {Place} from './places.ts';
import {HOUR_MS, useHour} from './server-hour.ts';
import {type CallPageView, useCallPage} from './use-call-page.ts';
import {useKeptPlace} from './use-kept-place.ts';
import {useRetentionLabels} from './use-retention-labels.ts';

export interface CallsProps {
  readonly query: string;
  readonly filter: HistoryFilter;
  readonly now: () => number;
  readonly place: Place;
  readonly trail: readonly string[];
  readonly onFilter: (filter: HistoryFilter) => void;
  readonly onPage: (cursor: string | undefined, trail: readonly string[]) => void;
}

export function Calls({query, filter, now, place, trail, onFilter, onPage}: CallsProps) {
  const retention = useRetentionLabels();
  const [, navigate] = useLocation();
  const hour = useHour(now);
  const cursor = cursorFromQuery(query);
  const ask = useMemo(() => toCallQuery(filter, (hour + 0.5) * HOUR_MS), [filter, hour]);
  const view = useCallPage({ask, cursor, query, place});
  const page = view.state === 'ready' ? view.page : undefined;
  const ids = useMemo(() => page?.calls.map(({callSid}) => callSid) ?? [], [page]);
  const navigation = useListNavigation({
    ids,
    noun: 'call',
    onOpen: (callSid) => navigate(`/calls/${encodeURIComponent(callSid)}`),
    ...(place.selected !== undefined && {initial: place.selected}),
  });
  const top = useKeptPlace({
    place,
    query,
    navigation,
    isThere: page !== undefined && view.state === 'ready' && !view.isOld,
  });
  const selected = page?.calls.find(({callSid}) => callSid === navigation.selectedId);
  useShortcut(
    'r',
    'Show or hide the numbers of the selected call',
    () => selected && toggleRevealed(partyText(selected.from), partyText(selected.to)),
    {enabled: selected !== undefined},
  );
  const older = page?.nextCursor;
  const goOlder = () => older !== undefined && onPage(older, [...trail, cursor ?? '']);
  const goNewer = () => onPage(trail.at(-1) || undefined, trail.slice(0, -1));
  useShortcut(']', 'Older calls', goOlder, {enabled: older !== undefined});
  useShortcut('[', 'Newer calls', goNewer, {enabled: cursor !== undefined});

  if (view.state === 'loading') return <Loading lines={10} label="Loading the ended calls…" />;
  if (view.state === 'forbidden') return <NotAllowed error={view.error} />;
  if (view.state === 'failed') return <Failed error={view.error} onRetry={view.reload} />;
  return (
    <section
      ref={top}
      className={classes(styles.calls, view.isOld && styles.old)}
      aria-label="Ended calls"
      aria-busy={view.isOld}
    >
      {view.stale !== undefined && <Stale {...view.stale} />}
      <NewPill view={view} />
      {view.page.calls.length === 0 ? (
        <NoCalls
          filter={filter}
          isFirst={cursor === undefined}
          older={older === undefined ? undefined : goOlder}
          onFilter={onFilter}
        />
      ) : (
        <HistoryRows page={view.page} navigation={navigation} />
      )}
      <div className={styles.pager}>
        {cursor !== undefined && (
          <>
            <Button onPress={() => onPage(undefined, [])}>Newest</Button>
            {trail.length > 0 && (
              <Button keys="[" onPress={goNewer}>
                Newer
              </Button>
            )}
          </>
        )}
        <p className={styles.quiet}>
          {pageLabels(
            view.page.calls.length,
            cursor === undefined ? 1 : trail.length + 1,
            cursor !== undefined && trail.length === 0,
          )}
          {older === undefined && view.page.calls.length > 0 && ' End of the list: '}
          {older === undefined && view.page.calls.length > 0 && `${retention}.`}
        </p>
        {older !== undefined && view.page.calls.length > 0 && (
          <Button keys="]" onPress={goOlder}>
            Older
          </Button>
        )}
      </div>
    </section>
  );
}

/** @param isSomewhere reached by a link, so the page number is unknown */
function pageLabels(calls: number, page: number, isSomewhere: boolean): string {
  if (calls === 0) return '';
  const count = `${calls} call${calls === 1 ? '' : 's'}`;
  if (isSomewhere) return `${count}, older calls.`;
  return page === 1 ? `${count}.` : `${count}, page ${page}.`;
}

function NewPill({view}: {readonly view: Extract<CallPageView, {state: 'ready'}>}) {
  const show = () => {
    window.scrollTo({top: 0});
    view.showNew();
  };
  useShortcut('n', 'Show the calls that ended since', show, {enabled: view.newCalls > 0});
  return <NewsPill words={view.newCalls > 0 ? `${view.newCalls} new` : ''} onShow={show} />;
}
