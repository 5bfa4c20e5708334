/** The empty state of the history. */
import {Button} from '../../design/button.tsx';
import {EmptyState} from '../../design/states.tsx';
import {type HistoryFilter, isEmptyFilter, NO_FILTER} from './history-filter.ts';
import {useRetentionLabels} from './use-retention-labels.ts';

export interface NoCallsProps {
  readonly filter: HistoryFilter;
  readonly isFirst: boolean;
  /** Loads more; absent if there are no more calls. */
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
        title="No matches so far"
        icon="search"
        actions={
          <>
            <Button variant="primary" keys="]" onPress={older}>
              Search older calls
            </Button>
            {clear}
          </>
        }
      >
        None of the calls searched so far matches. There are older calls.
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
              <Button onPress={() => onFilter({...filter, withLegs: true})}>Include legs</Button>
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
      {isFirst ? 'A call appears here when it ends. Calls in progress are under Live calls.' : kept}
    </EmptyState>
  );
}
