/** The filter of the ended calls: text, outcomes, direction, period, legs. It is kept in the URL. */
import {type Ref, useId} from 'react';
import fieldStyles from '../../design/field.module.css';
import {Chip, Chips, FilterBar, FilterText} from '../../design/filter-bar.tsx';
import {Select} from '../../design/select.tsx';
import {useSettledText} from '../../design/use-settled-text.ts';
import styles from './history.module.css';
import {
  callOutcomes,
  fromLocalField,
  type HistoryFilter,
  isEmptyFilter,
  lastHours,
  NO_FILTER,
  type Period,
  periodFault,
  toLocalField,
} from './history-filter.ts';
import {OutcomeKey} from './outcome-key.tsx';

export interface HistoryFilterBarProps {
  readonly filter: HistoryFilter;
  /** `typed`: replaces the entry in the browser's history instead of adding one. */
  readonly onChange: (filter: HistoryFilter, options?: {readonly typed?: boolean}) => void;
  readonly inputRef: Ref<HTMLInputElement>;
  /** The gateway's clock. */
  readonly now: () => number;
}

const DAY_MS = 86_400_000;

const directions = [
  {value: 'any', label: 'Any direction'},
  {value: 'inbound', label: 'Inbound'},
  {value: 'outbound', label: 'Outbound'},
] as const;

const periods = [
  {value: 'all', label: 'Any time'},
  {value: '24', label: 'Last 24 hours'},
  {value: '168', label: 'Last 7 days'},
  {value: '720', label: 'Last 30 days'},
  {value: 'between', label: 'Custom range'},
] as const;
type PeriodChoice = (typeof periods)[number]['value'];

export function HistoryFilterBar({filter, onChange, inputRef, now}: HistoryFilterBarProps) {
  const [text, setText] = useSettledText(filter.text, (next) =>
    // Starting and clearing a search are steps for the back button; edits in between are not.
    onChange({...filter, text: next}, {typed: filter.text !== '' && next !== ''}),
  );
  const toggle = (outcome: (typeof callOutcomes)[number]) => {
    const {outcomes} = filter;
    const next = outcomes.includes(outcome)
      ? outcomes.filter((each) => each !== outcome)
      : callOutcomes.filter((each) => each === outcome || outcomes.includes(each));
    onChange({...filter, outcomes: next});
  };
  const {direction: _, ...anyDirection} = filter;
  return (
    <FilterBar onClear={isEmptyFilter(filter) && !filter.withLegs ? undefined : () => onChange(NO_FILTER)}>
      <FilterText
        label="Filter by number, sid or user"
        placeholder="Number, sid, user"
        inputRef={inputRef}
        value={text}
        onChange={setText}
      />
      <Chips label="Outcome">
        {callOutcomes.map((outcome) => (
          <Chip key={outcome} pressed={filter.outcomes.includes(outcome)} onPress={() => toggle(outcome)}>
            <OutcomeKey outcome={outcome} />
          </Chip>
        ))}
      </Chips>
      <Select
        label="Direction"
        hideLabel
        className={styles.choice ?? ''}
        value={filter.direction ?? 'any'}
        options={directions}
        onChange={(direction) => onChange(direction === 'any' ? anyDirection : {...anyDirection, direction})}
      />
      <Select
        label="When"
        hideLabel
        className={styles.choice ?? ''}
        value={choiceOf(filter.period)}
        options={periods}
        onChange={(choice) => onChange({...filter, period: periodOf(choice, now())})}
      />
      {filter.period.kind === 'between' && (
        <BetweenFields
          period={filter.period}
          onChange={(period) => onChange({...filter, period}, {typed: true})}
        />
      )}
      <label className={styles.box}>
        <input
          type="checkbox"
          checked={filter.withLegs}
          onChange={(event) => onChange({...filter, withLegs: event.target.checked})}
        />
        Include legs
      </label>
    </FilterBar>
  );
}

function choiceOf(period: Period): PeriodChoice {
  if (period.kind !== 'last') return period.kind;
  const {hours} = period;
  return periods.find(({value}) => value === String(hours))?.value ?? 'all';
}

function periodOf(choice: PeriodChoice, nowMs: number): Period {
  const hours = lastHours.find((each) => String(each) === choice);
  if (hours !== undefined) return {kind: 'last', hours};
  if (choice !== 'between') return {kind: 'all'};
  // An empty period would equal “Any time” and deselect the choice at once.
  return {kind: 'between', from: new Date(nowMs - DAY_MS).setMinutes(0, 0, 0)};
}

interface BetweenFieldsProps {
  readonly period: Extract<Period, {kind: 'between'}>;
  readonly onChange: (period: Period) => void;
}

function BetweenFields({period, onChange}: BetweenFieldsProps) {
  const fault = periodFault(period);
  const faultId = useId();
  const change = (name: 'from' | 'to', text: string) => {
    const {[name]: _, ...rest} = period;
    const ms = fromLocalField(text);
    if (ms !== undefined) onChange({...rest, kind: 'between', [name]: ms});
    else if (text === '') onChange({...rest, kind: 'between'});
  };
  const described = fault === undefined ? {} : {'aria-invalid': true, 'aria-describedby': faultId};
  return (
    <span className={styles.between}>
      <LocalTime label="From" at={period.from} onChange={(text) => change('from', text)} {...described} />
      <span aria-hidden="true">–</span>
      <LocalTime label="To" at={period.to} onChange={(text) => change('to', text)} {...described} />
      {fault !== undefined && (
        <span id={faultId} role="alert" className={fieldStyles.error}>
          {fault}
        </span>
      )}
    </span>
  );
}

interface LocalTimeProps {
  readonly label: string;
  /** Milliseconds since 1970. */
  readonly at: number | undefined;
  readonly onChange: (text: string) => void;
  readonly 'aria-invalid'?: boolean;
  readonly 'aria-describedby'?: string;
}

/** The browser's own field, because it uses the user's date format. */
function LocalTime({label, at, onChange, ...described}: LocalTimeProps) {
  // Keep an incomplete date in the field while the user types.
  const [text, setText] = useSettledText(at === undefined ? '' : toLocalField(at), onChange);
  return (
    <input
      type="datetime-local"
      aria-label={label}
      className={fieldStyles.input}
      value={text}
      onChange={(event) => setText(event.target.value)}
      {...described}
    />
  );
}
