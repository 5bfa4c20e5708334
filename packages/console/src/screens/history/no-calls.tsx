/** What stands where ended calls would be: none yet, none that match, none so far. */
import {Button} from '../../design/button.tsx';
import {EmptyState} from '../../design/states.tsx';
import {type HistoryFilter, isEmptyFilter, NO_FILTER} from './history-filter.ts';
import {useRetentionLabels} from './use-retention-labels.ts';

export interface NoCallsProps {
  readonly filter: HistoryFilter;
  readonly isFirst: boolean;
  /** Looks further; absent where there is nothing more. */
  readonly older: (() => void) | undefined;
  readonly onFilter: (filter: HistoryFilter) => void;
}

export function NoCalls({filter, isFirst, older, onFilter}: NoCallsProps) {
  const retention = useRetentionLabels();
  const kept = `${retention.charAt(0).toUpperCase()}${retention.slice(1)}.`;
  const clear = <Button onPress={() => onFilter(NO_FILTER)}>Clear filter</Button>;
  if (older !== undefined) {
    return (
      <EmptyState
        title="Nothing found so far"
        icon="search"
        actions={
          <>
            <Button variant="primary" keys="]" onPress={older}>
              Look further back
            </Button>
            {clear}
          </>
        }
      >
        Many calls were looked at, and none of them matches. There are older ones.
      </EmptyState>
    );
  }
  if (!isEmptyFilter(filter)) {
    return (
      <EmptyState
        title={isFirst ? 'No ended call matches the filter' : 'No older call matches the filter'}
        icon="search"
        actions={
          <>
            {clear}
            {!filter.withLegs && (
              <Button onPress={() => onFilter({...filter, withLegs: true})}>Look among legs too</Button>
            )}
          </>
        }
      >
        {kept}
      </EmptyState>
    );
  }
  return (
    <EmptyState title={isFirst ? 'No calls have ended yet' : 'There are no older calls'} icon="history">
      {isFirst
        ? 'Every call appears here as soon as it is over. What is going on now is on the live calls.'
        : kept}
    </EmptyState>
  );
}
