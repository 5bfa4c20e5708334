/** The filter of the webhooks: text, outcomes with counts, and the pause button. */
import type {WebhookPage} from '@hookswitch/protocol';
import type {Ref} from 'react';
import {Chip, Chips, FilterBar, FilterText, PauseChip} from '../../design/filter-bar.tsx';
import {useSettledText} from '../../design/use-settled-text.ts';
import {OutcomeMark} from './outcome-mark.tsx';
import {isEmptyFilter, NO_FILTER, type WebhookFilter, webhookOutcomes} from './webhook-filter.ts';
import {outcomeLabels} from './webhook-labels.ts';

export interface WebhookFilterBarProps {
  readonly filter: WebhookFilter;
  /** `typed`: replaces the entry in the browser's history instead of adding one. */
  readonly onChange: (filter: WebhookFilter, options?: {readonly typed?: boolean}) => void;
  /** Counts since the gateway started, independent of the filter. */
  readonly counts: WebhookPage['counts'] | undefined;
  readonly isPaused: boolean;
  readonly onPause: () => void;
  readonly inputRef: Ref<HTMLInputElement>;
}

export function WebhookFilterBar({
  filter,
  onChange,
  counts,
  isPaused,
  onPause,
  inputRef,
}: WebhookFilterBarProps) {
  const [text, setText] = useSettledText(filter.text, (next) =>
    onChange({...filter, text: next}, {typed: filter.text !== '' && next !== ''}),
  );
  const {outcome: _, ...anyOutcome} = filter;
  return (
    <FilterBar onClear={isEmptyFilter(filter) ? undefined : () => onChange(NO_FILTER)}>
      <FilterText
        label="Filter by call sid, number, path, address or reason"
        placeholder="Sid, number, path, reason"
        inputRef={inputRef}
        value={text}
        onChange={setText}
      />
      <Chips label="Outcome">
        {webhookOutcomes.map((outcome) => (
          <Chip
            key={outcome}
            pressed={filter.outcome === outcome}
            onPress={() => onChange(filter.outcome === outcome ? anyOutcome : {...filter, outcome})}
            count={counts?.[outcome].toLocaleString()}
          >
            <OutcomeMark outcome={outcome} shapeOnly />
            <span>{outcomeLabels[outcome]}</span>
          </Chip>
        ))}
      </Chips>
      <PauseChip isPaused={isPaused} onPause={onPause} />
    </FilterBar>
  );
}
