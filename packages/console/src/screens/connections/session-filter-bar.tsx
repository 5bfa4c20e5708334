/** Which sessions are shown, in which order, and whether they are kept up to date. */
import type {SessionCounts} from '@hookswitch/protocol';
import type {Ref} from 'react';
import {Button} from '../../design/button.tsx';
import {classes} from '../../design/classes.ts';
import {Icon} from '../../design/icon.tsx';
import {KeyHint} from '../../design/key-hint.tsx';
import {Select} from '../../design/select.tsx';
import {TextField} from '../../design/text-field.tsx';
import styles from './connections.module.css';
import {PhaseIcon} from './phase-mark.tsx';
import {openPhases, type SessionFilter, sessionSorts} from './session-query.ts';
import {formatCount, phaseWords, sortWords} from './session-words.ts';

export interface SessionFilterBarProps {
  readonly filter: SessionFilter;
  readonly onChange: (filter: SessionFilter) => void;
  /** Of all sessions, whatever the filter; `undefined` until they are known. */
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
  return (
    <search className={styles.bar}>
      <TextField
        label="Filter by user, address, origin or session id"
        hideLabel
        type="search"
        className={styles.search ?? ''}
        placeholder="User, address, origin, id"
        keys="/"
        inputRef={inputRef}
        value={filter.q}
        onChange={(q) => onChange({...filter, q})}
      />
      <fieldset className={styles.phases}>
        <legend className={styles.legend}>Phase</legend>
        {openPhases.map((phase) => {
          const {shape, word, sentence} = phaseWords(phase);
          const count = counts?.byPhase[phase] ?? 0;
          return (
            <button
              key={phase}
              type="button"
              className={classes(styles.chip, count > 0 && styles[shape])}
              aria-pressed={chosen === phase}
              title={sentence}
              onClick={() => onChange(chosen === phase ? withoutPhase : {...withoutPhase, phase})}
            >
              <PhaseIcon shape={shape} />
              <span>{word}</span>
              <span className={styles.count}>{counts === undefined ? '' : formatCount(count)}</span>
            </button>
          );
        })}
      </fieldset>
      <Select
        label="Order"
        hideLabel
        value={filter.sort}
        options={sessionSorts.map((sort) => ({value: sort, label: sortWords[sort]}))}
        onChange={(sort) => onChange({...filter, sort})}
      />
      <button
        type="button"
        className={classes(styles.chip, styles.pause)}
        aria-pressed={isPaused}
        onClick={onPause}
      >
        <Icon name={isPaused ? 'play' : 'pause'} size={12} />
        <span>{isPaused ? 'Paused' : 'Pause'}</span>
        <KeyHint keys="p" />
      </button>
      {(filter.q !== '' || chosen !== undefined) && (
        <Button small variant="quiet" onPress={() => onChange({q: '', sort: filter.sort})}>
          Clear filter
        </Button>
      )}
    </search>
  );
}
