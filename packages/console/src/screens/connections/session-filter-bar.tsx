/** The filter and order of the sessions, and the pause button. */
import type {SessionCounts} from '@hookswitch/protocol';
import type {Ref} from 'react';
import {Chip, Chips, FilterBar, FilterText, PauseChip} from '../../design/filter-bar.tsx';
import {Select} from '../../design/select.tsx';
import {PhaseMark} from './phase-mark.tsx';
import {formatCount, phaseLabels, sortLabels} from './session-labels.ts';
import {openPhases, type SessionFilter, sessionSorts} from './session-query.ts';

export interface SessionFilterBarProps {
  readonly filter: SessionFilter;
  readonly onChange: (filter: SessionFilter) => void;
  /** Counts of all sessions, independent of the filter; `undefined` until they are known. */
  readonly counts: SessionCounts | undefined;
  readonly isPaused: boolean;
  readonly onPause: () => void;
  readonly inputRef: Ref<HTMLInputElement>;
}

export function SessionFilterBar({
  filter,
  onChange,
  counts,
  isPaused,
  onPause,
  inputRef,
}: SessionFilterBarProps) {
  const {phase: chosen, ...withoutPhase} = filter;
  const isEmpty = filter.q === '' && chosen === undefined;
  return (
    <FilterBar onClear={isEmpty ? undefined : () => onChange({q: '', sort: filter.sort})}>
      <FilterText
        label="Filter by user, address, origin or session id"
        placeholder="User, address, origin, id"
        inputRef={inputRef}
        value={filter.q}
        onChange={(q) => onChange({...filter, q})}
      />
      <Chips label="Phase">
        {openPhases.map((phase) => {
          const {word, sentence} = phaseLabels(phase);
          const count = counts?.byPhase[phase] ?? 0;
          return (
            <Chip
              key={phase}
              pressed={chosen === phase}
              onPress={() => onChange(chosen === phase ? withoutPhase : {...withoutPhase, phase})}
              count={counts === undefined ? undefined : formatCount(count)}
              title={sentence}
            >
              <PhaseMark phase={phase} isIdle={count === 0} shapeOnly />
              <span>{word}</span>
            </Chip>
          );
        })}
      </Chips>
      <Select
        label="Order"
        hideLabel
        value={filter.sort}
        options={sessionSorts.map((sort) => ({value: sort, label: sortLabels[sort]}))}
        onChange={(sort) => onChange({...filter, sort})}
      />
      <PauseChip isPaused={isPaused} onPause={onPause} />
    </FilterBar>
  );
}
