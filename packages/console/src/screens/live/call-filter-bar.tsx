/** The filter of the live calls: text, statuses with counts, and the pause button. */
import type {Ref} from 'react';
import {Chip, Chips, FilterBar, FilterText, PauseChip} from '../../design/filter-bar.tsx';
import {statusWord} from '../../design/status-labels.ts';
import {StatusShape} from '../../design/status-mark.tsx';
import {type CallFilter, type StatusFilter, statusFilters} from './call-filter.ts';

export interface CallFilterBarProps {
  readonly filter: CallFilter;
  readonly onChange: (filter: CallFilter) => void;
  /** Counts of all known calls, independent of the filter. */
  readonly counts: Readonly<Record<StatusFilter, number>>;
  readonly isPaused: boolean;
  readonly onPause: () => void;
  readonly inputRef: Ref<HTMLInputElement>;
}

export function CallFilterBar({filter, onChange, counts, isPaused, onPause, inputRef}: CallFilterBarProps) {
  const toggle = (status: StatusFilter) => {
    const {statuses} = filter;
    const next = statuses.includes(status)
      ? statuses.filter((each) => each !== status)
      : statusFilters.filter((each) => each === status || statuses.includes(each));
    onChange({...filter, statuses: next});
  };
  const isEmpty = filter.text === '' && filter.statuses.length === 0;
  return (
    <FilterBar onClear={isEmpty ? undefined : () => onChange({text: '', statuses: []})}>
      <FilterText
        label="Filter by number, sid, user or metadata"
        placeholder="Number, sid, user, metadata"
        inputRef={inputRef}
        value={filter.text}
        onChange={(text) => onChange({...filter, text})}
      />
      <Chips label="Status">
        {statusFilters.map((status) => (
          <Chip
            key={status}
            pressed={filter.statuses.includes(status)}
            onPress={() => toggle(status)}
            count={counts[status]}
          >
            <StatusShape status={status === 'ended' ? 'completed' : status} />
            <span>{status === 'ended' ? 'Just ended' : statusWord(status)}</span>
          </Chip>
        ))}
      </Chips>
      <PauseChip isPaused={isPaused} onPause={onPause} label="Pause new calls" />
    </FilterBar>
  );
}
