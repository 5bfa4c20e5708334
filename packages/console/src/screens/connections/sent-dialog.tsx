/** The messages that one session was sent, newest first, according to the journal. */
import type {SentPage, SessionInfo} from '@hookswitch/protocol';
import {useEffect, useState} from 'react';
import {Link} from 'wouter';
import {toApiError} from '../../api/api-error.ts';
import {endpoints} from '../../api/endpoints.ts';
import {useResource} from '../../api/use-resource.ts';
import {Button} from '../../design/button.tsx';
import {Dialog} from '../../design/dialog.tsx';
import {Json} from '../../design/json.tsx';
import {EmptyState, ResourceView} from '../../design/states.tsx';
import {Time} from '../../design/time.tsx';
import {formatBytes} from '../../design/time-labels.ts';
import {useApi} from '../../session/session-context.ts';
import styles from './connections.module.css';
import {PhaseMark} from './phase-mark.tsx';
import {beginSent, countNewer, type SentList, summaryOf, withNewest, withOlder} from './sent-list.ts';
import {formatCount, plural, subscriptionLabels} from './session-labels.ts';
import {Lag} from './session-rows.tsx';

export interface SentDialogProps {
  readonly sessionId: string;
  readonly isOwn: boolean;
  readonly onClose: () => void;
}

const POLL_MS = 3000;
const PAGE = 50;

export function SentDialog({sessionId, isOwn, onClose}: SentDialogProps) {
  const newest = useResource(endpoints.sent(sessionId, {limit: PAGE}), {pollMs: POLL_MS});
  return (
    <Dialog
      open
      wide
      onClose={onClose}
      title={isOwn ? 'Messages sent to this page' : 'Messages sent to this session'}
      actions={
        <Button onPress={onClose} keys="Escape">
          Close
        </Button>
      }
    >
      <ResourceView resource={newest}>{(page) => <Sent sessionId={sessionId} newest={page} />}</ResourceView>
    </Dialog>
  );
}

function Sent({sessionId, newest}: {readonly sessionId: string; readonly newest: SentPage}) {
  const api = useApi();
  const [list, setList] = useState<SentList>(() => beginSent(newest));
  const [isLoading, setLoading] = useState(false);
  const [error, setError] = useState<string>();
  const [opened, setOpened] = useState<ReadonlySet<number>>(new Set());
  // The list is empty, so replacing it moves nothing.
  const isEmpty = list.messages.length === 0;
  useEffect(() => {
    if (isEmpty) setList((now) => withNewest(now, newest));
  }, [isEmpty, newest]);
  const newer = countNewer(list, newest);
  const loadOlder = async () => {
    setLoading(true);
    setError(undefined);
    try {
      const before = list.nextCursor;
      const page = await api.get(
        endpoints.sent(sessionId, {limit: PAGE, ...(before !== undefined && {before})}),
      );
      setList((now) => (now.nextCursor === before ? withOlder(now, page) : now));
    } catch (thrown) {
      setError(toApiError(thrown).message);
    } finally {
      setLoading(false);
    }
  };
  const toggle = (offset: number) => {
    const next = new Set(opened);
    if (!next.delete(offset)) next.add(offset);
    setOpened(next);
  };
  return (
    <>
      <Facts session={newest.session} />
      {newer.count > 0 && (
        <Button variant="primary" small onPress={() => setList(withNewest(list, newest))}>
          {`Show ${newer.more ? 'more than ' : ''}${newer.count} newer`}
        </Button>
      )}
      {isEmpty ? (
        <EmptyState title="No messages" icon="connections">
          {list.nextCursor === undefined
            ? `The session started at offset ${formatCount(list.from)}. Since then, no call that it may see has changed. Snapshots, responses and heartbeats are not listed.`
            : 'None of the latest journal entries was for this session.'}
        </EmptyState>
      ) : (
        <ol className={styles.messages} aria-label="Messages, newest first">
          {list.messages.map(({offset, message}) => (
            <Message
              key={offset}
              offset={offset}
              message={message}
              isOpen={opened.has(offset)}
              onToggle={() => toggle(offset)}
            />
          ))}
        </ol>
      )}
      <div className={styles.older}>
        {list.nextCursor === undefined ? (
          !isEmpty && (
            <p className={styles.quiet}>
              These are all messages since offset {formatCount(list.from)}, the start of the session or of its
              kept history.
            </p>
          )
        ) : (
          <Button busy={isLoading} onPress={() => void loadOlder()}>
            {isEmpty ? 'Search older entries' : 'Older'}
          </Button>
        )}
        {error !== undefined && (
          <p role="alert" className={styles.error}>
            {error}
          </p>
        )}
      </div>
    </>
  );
}

function Facts({session}: {readonly session: SessionInfo}) {
  const {user, phase, offset, lag, unsentBytes, subscription, scopes, connectedAt, sessionId} = session;
  const {lastActivityAt, address, origin, protocol, nodeId} = session;
  return (
    <dl className={styles.facts}>
      <Fact name="User">{user}</Fact>
      {nodeId !== undefined && <Fact name="Node">{nodeId}</Fact>}
      <Fact name="Phase">
        <PhaseMark phase={phase} />
      </Fact>
      <Fact name="Subscription">
        <span title={subscription === 'all' ? undefined : subscription.join('\n')}>
          {subscriptionLabels(subscription)}
        </span>
      </Fact>
      <Fact name="Offset">{formatCount(offset)}</Fact>
      <Fact name="Lag">
        <Lag lag={lag} />
      </Fact>
      <Fact name="Unsent">
        {unsentBytes === 0 ? '0 B' : `${formatBytes(unsentBytes)}: waiting to be sent`}
      </Fact>
      <Fact name="Last activity">
        <Time at={lastActivityAt} />
      </Fact>
      <Fact name="Connected">
        <Time at={connectedAt} />
      </Fact>
      <Fact name="Address">{address}</Fact>
      <Fact name="Origin">{origin ?? 'none'}</Fact>
      <Fact name="Protocol">{protocol === '' ? 'none' : protocol}</Fact>
      <Fact name="Session">{sessionId}</Fact>
      <Fact name={plural(scopes.length, 'scope')}>{scopes.length === 0 ? 'none' : scopes.join(', ')}</Fact>
    </dl>
  );
}

function Fact({name, children}: {readonly name: string; readonly children: React.ReactNode}) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

interface MessageProps {
  readonly offset: number;
  readonly message: unknown;
  readonly isOpen: boolean;
  readonly onToggle: () => void;
}

function Message({offset, message, isOpen, onToggle}: MessageProps) {
  const {type, callSid, status, reason, timestamp} = summaryOf(message);
  return (
    <li className={styles.message} data-offset={offset}>
      <span className={styles.offset} title="Offset in the journal">
        {formatCount(offset)}
      </span>
      <span className={styles.type}>{type}</span>
      <span className={styles.status}>{[status, reason].filter(Boolean).join(', ')}</span>
      {callSid !== undefined && (
        <Link href={`/calls/${encodeURIComponent(callSid)}`} className={styles.call ?? ''} title={callSid}>
          {callSid.length > 14 ? `${callSid.slice(0, 6)}…${callSid.slice(-6)}` : callSid}
        </Link>
      )}
      <span className={styles.when}>{timestamp !== undefined && <Time at={timestamp} format="clock" />}</span>
      <Button small variant="quiet" expanded={isOpen} label={`JSON of message ${offset}`} onPress={onToggle}>
        JSON
      </Button>
      {isOpen && (
        <div className={styles.json}>
          <Json value={message} label={`message ${offset}`} />
        </div>
      )}
    </li>
  );
}
