/** One call: its state, its history, and the evidence. */
import type {CallDetail} from '@hookswitch/protocol';
import {useCallback, useEffect, useMemo, useState} from 'react';
import {useLocation} from 'wouter';
import type {ApiError} from '../../api/api-error.ts';
import {callTitle} from '../../calls/call-labels.ts';
import {HangUpDialog} from '../../calls/hang-up-dialog.tsx';
import {partyText} from '../../calls/party.tsx';
import {StaleNote} from '../../calls/stale-note.tsx';
import {useHangUp} from '../../calls/use-hang-ups.ts';
import {Button} from '../../design/button.tsx';
import {CopyButton} from '../../design/copy-button.tsx';
import {Icon} from '../../design/icon.tsx';
import {Json} from '../../design/json.tsx';
import {toggleRevealed} from '../../design/phone.tsx';
import {EmptyState, Failed, Loading, NotAllowed, Stale} from '../../design/states.tsx';
import {useListNavigation} from '../../design/use-list-navigation.ts';
import {visibleText} from '../../design/visible-text.ts';
import {useScope} from '../../session/session-context.ts';
import {Screen} from '../../shell/screen.tsx';
import {useShortcut} from '../../shell/shortcuts.ts';
import styles from './call.module.css';
import {CallFacts, isEnded} from './call-facts.tsx';
import {EventsTable, type EventsTableProps} from './events-table.tsx';
import {TimelinePicture} from './timeline-picture.tsx';
import {useAsOf, useCallDetail, useNewest} from './use-call-detail.ts';

export interface CallScreenProps {
  readonly callSid: string;
}

export default function CallScreen({callSid}: CallScreenProps) {
  const {resource, detail, at} = useCallDetail(callSid);
  const asOf = useAsOf();
  const back = useBack();
  useShortcut('Escape', 'Back to the list', back, {inPalette: false});
  if (detail === undefined) {
    return (
      <Screen
        title="Call"
        documentTitle={`Call ${visibleText(callSid, 40)}`}
        actions={<BackButton onPress={back} />}
      >
        {resource.state === 'loading' && <Loading label="Loading the call…" />}
        {resource.state === 'forbidden' && <NotAllowed error={resource.error} />}
        {resource.state === 'failed' &&
          (resource.error.status === 404 ? (
            <NoSuchCall callSid={callSid} />
          ) : (
            <Failed error={resource.error} onRetry={resource.reload} />
          ))}
      </Screen>
    );
  }
  const isGone = resource.state === 'failed' && resource.error.status === 404;
  const problem: ApiError | undefined =
    resource.state === 'failed' && !isGone
      ? resource.error
      : resource.state === 'ready'
        ? resource.stale
        : undefined;
  return (
    <KnownCall
      detail={detail}
      asOf={isGone && at !== undefined ? at : asOf}
      isGone={isGone}
      onBack={back}
      note={
        isGone && at !== undefined ? (
          <p className={styles.gone} role="status">
            <Icon name="alert" size={14} /> The gateway no longer keeps this call. This is its last known
            state, which a reload will not bring back.
          </p>
        ) : asOf !== undefined ? (
          <StaleNote asOf={asOf} />
        ) : (
          problem !== undefined && at !== undefined && <Stale error={problem} at={at} />
        )
      }
    />
  );
}

interface KnownCallProps {
  readonly detail: CallDetail;
  readonly asOf: number | undefined;
  readonly isGone: boolean;
  readonly onBack: () => void;
  readonly note: React.ReactNode;
}

function KnownCall({detail, asOf, isGone, onBack, note}: KnownCallProps) {
  const call = useNewest(detail);
  const [isAsking, setAsking] = useState(false);
  const hangUp = useHangUp(call.callSid);
  const isHangingUp = hangUp?.phase === 'under-way';
  const mayControl = useScope('calls:control');
  const mayControlAll = useScope('calls:control:all');
  const canHangUp = (mayControl || mayControlAll) && !isEnded(call) && !isGone;
  const isLive = asOf === undefined;
  useShortcut('x', 'Hang up', () => setAsking(true), {enabled: canHangUp && isLive && !isHangingUp});
  useShortcut('r', 'Show or hide the numbers', () => toggleRevealed(...numbersOf(detail)));
  // The call ended meanwhile, so the dialog has no purpose.
  useEffect(() => {
    if (!canHangUp) setAsking(false);
  }, [canHangUp]);
  return (
    <Screen
      title={callTitle(call)}
      actions={
        <>
          <BackButton onPress={onBack} />
          <CopyButton text={location.href} label="Copy link to this call" />
          {canHangUp && (
            <Button
              variant="danger"
              keys="x"
              disabled={!isLive}
              busy={isHangingUp}
              onPress={() => setAsking(true)}
            >
              {isHangingUp ? 'Hanging up…' : 'Hang up'}
            </Button>
          )}
        </>
      }
    >
      {note}
      <CallFacts detail={detail} asOf={asOf} />
      <CallHistory detail={detail} asOf={asOf} />
      <HangUpDialog
        call={isAsking ? call : undefined}
        unconfirmedSince={detail.unconfirmedSince}
        onClose={() => setAsking(false)}
      />
    </Screen>
  );
}

/** The timeline and the events below it, with a common selection. */
function CallHistory({detail, asOf}: Pick<KnownCallProps, 'detail' | 'asOf'>) {
  const [unfolded, setUnfolded] = useState<ReadonlySet<number>>(new Set());
  const toggle = useCallback((offset: number) => {
    setUnfolded((known) => {
      const next = new Set(known);
      if (!next.delete(offset)) next.add(offset);
      return next;
    });
  }, []);
  const ids = useMemo(() => detail.events.map(({offset}) => String(offset)), [detail.events]);
  const navigation = useListNavigation({ids, noun: 'event', onOpen: (id) => toggle(Number(id))});
  const selected = navigation.selectedId === undefined ? undefined : ids.indexOf(navigation.selectedId);
  return (
    <>
      <section className={styles.section} aria-labelledby="timeline-heading">
        <h2 id="timeline-heading">Timeline</h2>
        <TimelinePicture
          detail={detail}
          asOf={asOf}
          selected={selected}
          onSelect={(index) => {
            const id = ids[index];
            if (id === undefined) return;
            navigation.select(id);
            if (!unfolded.has(Number(id))) toggle(Number(id));
          }}
        />
      </section>
      <EventsSection detail={detail} navigation={navigation} unfolded={unfolded} onToggle={toggle} />
    </>
  );
}

function EventsSection({detail, ...rest}: EventsTableProps) {
  const [isJson, setJson] = useState(false);
  return (
    <section className={styles.section} aria-labelledby="events-heading">
      <div className={styles.head}>
        <h2 id="events-heading">Events</h2>
        <Button small variant="quiet" expanded={isJson} onPress={() => setJson(!isJson)}>
          {isJson ? 'Hide JSON' : 'Show JSON'}
        </Button>
        <CopyButton text={JSON.stringify(detail, undefined, 2)} label="Copy the call as JSON" />
      </div>
      {isJson && <Json value={detail} label="the call as JSON" />}
      {detail.events.length === 0 ? (
        <EmptyState title="No events are kept for this call" />
      ) : (
        <EventsTable detail={detail} {...rest} />
      )}
    </section>
  );
}

/** Unknown, not visible, or trimmed: the gateway responds alike to all three, so the text covers all. */
function NoSuchCall({callSid}: CallScreenProps) {
  return (
    <EmptyState title="Call not found" icon="search">
      <p>
        <code>{visibleText(callSid, 64)}</code> is unknown to this gateway, is not visible to your key, or
        ended so long ago that it is no longer kept.
      </p>
    </EmptyState>
  );
}

function BackButton({onPress}: {readonly onPress: () => void}) {
  return (
    <Button variant="quiet" keys="Escape" onPress={onPress}>
      Back
    </Button>
  );
}

/**
 * Goes back to the previous page, so that a list keeps its position and filter; after opening a link, goes to
 * the live calls.
 */
function useBack(): () => void {
  const [, navigate] = useLocation();
  return useCallback(() => {
    const {navigation} = window as {readonly navigation?: {readonly canGoBack: boolean}};
    if (navigation?.canGoBack ?? history.length > 1) history.back();
    else navigate('/');
  }, [navigate]);
}

function numbersOf({from, to, legs}: CallDetail): readonly string[] {
  const parties = [from, to, ...legs.flatMap((leg) => [leg.from, leg.to])];
  return [...new Set(parties.filter((party) => party !== '').map(partyText))];
}
