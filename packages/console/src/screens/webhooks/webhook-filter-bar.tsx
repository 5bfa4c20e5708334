/** Which webhooks are shown: text, outcome with how many there were of each, and whether new ones come in by themselves. */
import type {WebhookPage} from '@hookswitch/protocol';
import type {Ref} from 'react';
import {Button} from '../../design/button.tsx';
import {classes} from '../../design/classes.ts';
import {Icon} from '../../design/icon.tsx';
import {KeyHint} from '../../design/key-hint.tsx';
import {TextField} from '../../design/text-field.tsx';
import {useSettledText} from '../../design/use-settled-text.ts';
import {OutcomeShape} from './outcome-mark.tsx';
import {isEmptyFilter, NO_FILTER, type WebhookFilter, webhookOutcomes} from './webhook-filter.ts';
import {outcomeWords} from './webhook-words.ts';
import styles from './webhooks.module.css';

export interface WebhookFilterBarProps {
  readonly filter: WebhookFilter;
  /** `typed`: not a step of its own for the back button. */
  readonly onChange: (filter: WebhookFilter, options?: {readonly typed?: boolean}) => void;
  /** Since the gateway was started, whatever the filter. */
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
    <search className={styles.filter}>
      <TextField
        label="Filter by call sid, number, path, address or reason"
        hideLabel
        type="search"
        className={styles.search ?? ''}
        placeholder="Sid, number, path, reason"
        keys="/"
        inputRef={inputRef}
        value={text}
        onChange={setText}
      />
      <fieldset className={styles.outcomes}>
        <legend className={styles.legend}>Outcome</legend>
        {webhookOutcomes.map((outcome) => (
          <button
            key={outcome}
            type="button"
            className={styles.chip}
            aria-pressed={filter.outcome === outcome}
            onClick={() => onChange(filter.outcome === outcome ? anyOutcome : {...filter, outcome})}
          >
            <span className={styles.mark} data-outcome={outcome}>
              <OutcomeShape outcome={outcome} />
            </span>
            <span>{outcomeWords[outcome]}</span>
            {counts !== undefined && <span className={styles.count}>{counts[outcome].toLocaleString()}</span>}
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
        <span>{isPaused ? 'Paused' : 'Pause'}</span>
        <KeyHint keys="p" />
      </button>
      {!isEmptyFilter(filter) && (
        <Button small variant="quiet" onPress={() => onChange(NO_FILTER)}>
          Clear filter
        </Button>
      )}
    </search>
  );
}
