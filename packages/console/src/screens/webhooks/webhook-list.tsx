/** The list of webhooks, newest first. Rows keep their places while the user points at them. */
import type {WebhookRecord} from '@hookswitch/protocol';
import {toCallStatus} from '@hookswitch/protocol';
import {memo, useEffect, useRef} from 'react';
import {verdictLabels} from '../../calls/call-labels.ts';
import {Badge} from '../../design/badge.tsx';
import {Button} from '../../design/button.tsx';
import {NewsPill} from '../../design/news-pill.tsx';
import {StatusMark} from '../../design/status-mark.tsx';
import {Cell, HeadCell, Row, Table} from '../../design/table.tsx';
import {Time} from '../../design/time.tsx';
import {useHold} from '../../design/use-hold.ts';
import type {ListNavigation} from '../../design/use-list-navigation.ts';
import {OutcomeMark} from './outcome-mark.tsx';
import {failureOf} from './provider-status.ts';
import type {LoadedFeed, WebhookFeed} from './webhook-feed.ts';
import {maskedText, shortSid, subjectOf} from './webhook-labels.ts';
import styles from './webhooks.module.css';

export interface WebhookListProps {
  readonly feed: WebhookFeed;
  readonly snapshot: LoadedFeed;
  readonly navigation: ListNavigation;
  readonly shownId: number | undefined;
  readonly onOpen: (id: number) => void;
  readonly onNew: () => void;
}

export function WebhookList({feed, snapshot, navigation, shownId, onOpen, onNew}: WebhookListProps) {
  const box = useRef<HTMLDivElement>(null);
  const {isHeld, props} = useHold(box);
  useEffect(() => feed.setHeld(isHeld), [feed, isHeld]);
  useEffect(() => () => feed.setHeld(false), [feed]);
  return (
    <div ref={box} className={styles.list} {...props}>
      <NewsPill words={snapshot.waiting > 0 ? `${snapshot.waiting} new` : ''} onShow={onNew} />
      <Table label="Webhooks" stack={false} className={styles.rows ?? ''}>
        <thead>
          <tr>
            <HeadCell width="var(--time-width)">Time</HeadCell>
            <HeadCell width="var(--outcome-width)">Outcome</HeadCell>
            <HeadCell>Event</HeadCell>
            <HeadCell align="end" width="4.25rem">
              Response
            </HeadCell>
          </tr>
        </thead>
        <tbody>
          {snapshot.rows.map((webhook) => {
            const {onClick, selected, ...rowProps} = navigation.rowProps(String(webhook.id));
            return (
              <Row
                key={webhook.id}
                {...rowProps}
                selected={selected || webhook.id === shownId}
                data-id={webhook.id}
                data-clickable
                onClick={(event) => {
                  onClick(event);
                  onOpen(webhook.id);
                }}
              >
                <WebhookCells webhook={webhook} />
              </Row>
            );
          })}
        </tbody>
      </Table>
      {snapshot.hasMore && (
        <p className={styles.more}>
          <Button small busy={snapshot.isLoadingMore} onPress={feed.loadMore}>
            Load older
          </Button>
        </p>
      )}
    </div>
  );
}

const WebhookCells = memo(function WebhookCells({webhook}: {readonly webhook: WebhookRecord}) {
  const {receivedAt, outcome, httpStatus, providerStatus, verdict, callSid} = webhook;
  return (
    <>
      <Cell>
        <Time at={receivedAt} format="clock" />
      </Cell>
      <Cell>
        <OutcomeMark outcome={outcome} />
      </Cell>
      <Cell truncate title={maskedText(subjectOf(webhook))}>
        <span className={styles.what}>
          {providerStatus === undefined ? (
            <bdi className={styles.subject}>{maskedText(subjectOf(webhook))}</bdi>
          ) : (
            <StatusMark status={toCallStatus(providerStatus)} reason={failureOf(providerStatus)} />
          )}
          {verdict !== undefined && verdict !== 'applied' && (
            <Badge>{verdictLabels[verdict].toLowerCase()}</Badge>
          )}
          {callSid !== undefined && <code className={styles.short}>{shortSid(callSid)}</code>}
        </span>
      </Cell>
      <Cell align="end">{httpStatus}</Cell>
    </>
  );
});
