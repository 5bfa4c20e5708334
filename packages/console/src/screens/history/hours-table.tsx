/** The chart's numbers as a table, the latest first, without hours that have no calls. */
import {Cell, HeadCell, Row, Table} from '../../design/table.tsx';
import styles from './history.module.css';
import {callOutcomes} from './history-filter.ts';
import {type HourGroup, ratePercent} from './hour-groups.ts';
import {hourLabels} from './hour-labels.ts';
import {OutcomeKey, outcomeWord} from './outcome-key.tsx';

export interface HoursTableProps {
  readonly groups: readonly HourGroup[];
  readonly label: string;
}

export function HoursTable({groups, label}: HoursTableProps) {
  const busy = groups.filter(({total}) => total > 0).toReversed();
  if (busy.length === 0) return <p className={styles.quiet}>No calls ended in this period.</p>;
  return (
    // It scrolls, so the keyboard must be able to focus it.
    // biome-ignore lint/a11y/noNoninteractiveTabindex: see above
    <section className={styles['hours-table']} tabIndex={0} aria-label="Hours">
      <Table label={label}>
        <thead>
          <tr>
            <HeadCell>When</HeadCell>
            <HeadCell align="end">Ended</HeadCell>
            {callOutcomes.map((outcome) => (
              <HeadCell key={outcome} align="end">
                <OutcomeKey outcome={outcome} />
              </HeadCell>
            ))}
            <HeadCell align="end">Answered</HeadCell>
          </tr>
        </thead>
        <tbody>
          {busy.map((group) => (
            <Row key={group.start}>
              <Cell stacked="grow">{hourLabels(group)}</Cell>
              <Cell align="end" label="Ended">
                {group.total}
              </Cell>
              {callOutcomes.map((outcome) => (
                <Cell key={outcome} align="end" label={outcomeWord(outcome)}>
                  {group.counts[outcome]}
                </Cell>
              ))}
              <Cell align="end" label="Answered">
                {group.answered} · {ratePercent(group)}
              </Cell>
            </Row>
          ))}
        </tbody>
      </Table>
    </section>
  );
}
