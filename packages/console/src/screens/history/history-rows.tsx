/** The table of one page of ended calls. */
import type {Call, CallPage} from '@hookswitch/protocol';
import {memo} from 'react';
import {answeredByLabels} from '../../calls/call-labels.ts';
import {CallBelongings, CallNotes, CallParties, OpenCallLink, TalkTime} from '../../calls/call-row.tsx';
import {Badge} from '../../design/badge.tsx';
import {StatusMark} from '../../design/status-mark.tsx';
import {Cell, HeadCell, Row, Table} from '../../design/table.tsx';
import type {ListNavigation} from '../../design/use-list-navigation.ts';
import {VisuallyHidden} from '../../design/visually-hidden.tsx';
import {rowTime} from './hour-labels.ts';

export interface HistoryRowsProps {
  readonly page: CallPage;
  readonly navigation: ListNavigation;
}

export function HistoryRows({page, navigation}: HistoryRowsProps) {
  return (
    <Table label="Ended calls">
      <thead>
        <tr>
          <HeadCell width="9rem">Outcome</HeadCell>
          <HeadCell>From → to</HeadCell>
          <HeadCell>Notes</HeadCell>
          <HeadCell width="11rem">Started</HeadCell>
          <HeadCell align="end" width="6rem">
            Talk time
          </HeadCell>
          <HeadCell width="2.5rem">
            <VisuallyHidden>Open</VisuallyHidden>
          </HeadCell>
        </tr>
      </thead>
      <tbody>
        {page.calls.map((call) => (
          <Row
            key={call.callSid}
            {...navigation.rowProps(call.callSid)}
            data-sid={call.callSid}
            data-clickable
          >
            <HistoryCells call={call} />
          </Row>
        ))}
      </tbody>
    </Table>
  );
}

/** Stacked, outcome and talk time come first. `order` has no effect in a table. */
const HistoryCells = memo(function HistoryCells({call}: {readonly call: Call}) {
  return (
    <>
      <Cell>
        <StatusMark status={call.status} reason={call.reason} />
      </Cell>
      <Cell stacked="grow" style={{order: 2}}>
        <CallParties call={call} />
      </Cell>
      <Cell style={{order: 4}}>
        <Notes call={call} />
      </Cell>
      <Cell style={{order: 3}}>
        <When call={call} />
      </Cell>
      <Cell align="end" stacked="push" style={{order: 1}}>
        <TalkTime seconds={call.duration} />
      </Cell>
      <Cell align="end" stacked="push" style={{order: 5}}>
        <OpenCallLink callSid={call.callSid} />
      </Cell>
    </>
  );
});

function When({call: {createdAt, endedAt}}: {readonly call: Call}) {
  const began = new Date(createdAt);
  const ended = endedAt === undefined ? '' : `, ended ${rowTime.format(new Date(endedAt))}`;
  return (
    <time dateTime={createdAt} title={`Started ${rowTime.format(began)}${ended}`}>
      {rowTime.format(began)}
    </time>
  );
}

/** User, metadata, and the kind of machine that answered. */
function Notes({call}: {readonly call: Call}) {
  const machine = answeredByLabels(call.answeredBy);
  return (
    <CallNotes>
      {call.parentCallSid !== undefined && <Badge>leg</Badge>}
      {machine !== undefined && <Badge>{machine}</Badge>}
      <CallBelongings call={call} />
    </CallNotes>
  );
}
