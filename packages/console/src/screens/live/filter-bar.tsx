/** What of the live calls is shown: text, statuses with how many there are of each, and whether new ones come in by themselves. */
import type {Ref} from 'react';
import {Button} from '../../design/button.tsx';
import {classes} from '../../design/classes.ts';
import {Icon} from '../../design/icon.tsx';
import {KeyHint} from '../../design/key-hint.tsx';
import {StatusShape} from '../../design/status-mark.tsx';
import {statusWord} from '../../design/status-words.ts';
import {TextField} from '../../design/text-field.tsx';
import {type CallFilter, type StatusFilter, statusFilters} from './call-filter.ts';
import styles from './live.module.css';

export interface FilterBarProps {
  readonly filter: CallFilter;
  readonly onChange: (filter: CallFilter) => void;
  /** Of all that is known, whatever the filter. */
  readonly counts: Readonly<Record<StatusFilter, number>>;
  readonly isPaused: boolean;
  readonly onPause: () => void;
  readonly inputRef: Ref<HTMLInputElement>;
}

export function FilterBar({filter, onChange, counts, isPaused, onPause, inputRef}: FilterBarProps) {
  const toggle = (status: StatusFilter) => {
    const {statuses} = filter;
    const next = statuses.includes(status)
      ? statuses.filter((each) => each !== status)
      : statusFilters.filter((each) => each === status || statuses.includes(each));
    onChange({...filter, statuses: next});
  };
  return (
    <search className={styles.filter}>
      <TextField
        label="Filter by number, sid, user or metadata"
        hideLabel
        type="search"
        className={styles.search ?? ''}
        placeholder="Number, sid, user, metadata"
        keys="/"
        inputRef={inputRef}
        value={filter.text}
        onChange={(text) => onChange({...filter, text})}
      />
      <fieldset className={styles.statuses}>
        <legend className={styles.legend}>Status</legend>
        {statusFilters.map((status) => (
          <button
            key={status}
            type="button"
            className={styles.chip}
            aria-pressed={filter.statuses.includes(status)}
            onClick={() => toggle(status)}
          >
            <StatusShape status={status === 'ended' ? 'completed' : status} />
            <span>{status === 'ended' ? 'Just ended' : statusWord(status)}</span>
            <span className={styles.count}>{counts[status]}</span>
          </button>
        ))}
      </fieldset>
      <button
        type="button"
        className={classes(styles.chip, styles.pause)}
        aria-pressed={isPaused}
        onClick={onPause}
      >
        <Icon name={isPaused ? 'play' : 'pause'} size={12} />
        <span>{isPaused ? 'Paused' : 'Pause new calls'}</span>
        <KeyHint keys="p" />
      </button>
      {(filter.text !== '' || filter.statuses.length > 0) && (
        <Button small variant="quiet" onPress={() => onChange({text: '', statuses: []})}>
          Clear filter
        </Button>
      )}
    </search>
  );
}
