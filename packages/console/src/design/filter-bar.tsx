/** The filter above a list: `FilterBar`, `FilterText`, `Chips`, `Chip`, `PauseChip`. */
import type {ReactNode, Ref} from 'react';
import {Button} from './button.tsx';
import {classes} from './classes.ts';
import styles from './filter-bar.module.css';
import {Icon} from './icon.tsx';
import {KeyHint} from './key-hint.tsx';
import {TextField} from './text-field.tsx';
import {VisuallyHidden} from './visually-hidden.tsx';

export interface FilterBarProps {
  readonly children: ReactNode;
  /** Clears the filter; `undefined` if the filter is empty. */
  readonly onClear: (() => void) | undefined;
}

export function FilterBar({children, onClear}: FilterBarProps) {
  return (
    <search className={styles.bar}>
      {children}
      {onClear !== undefined && (
        <Button small variant="quiet" onPress={onClear}>
          Clear filter
        </Button>
      )}
    </search>
  );
}

export interface FilterTextProps {
  /** Names the fields that are searched. Read out by screen readers. */
  readonly label: string;
  /** A short form of the label. */
  readonly placeholder: string;
  readonly value: string;
  readonly onChange: (text: string) => void;
  readonly inputRef: Ref<HTMLInputElement>;
}

/** The `/` key focuses it; the screen registers the shortcut. */
export function FilterText({label, placeholder, value, onChange, inputRef}: FilterTextProps) {
  return (
    <TextField
      label={label}
      hideLabel
      type="search"
      className={styles.search ?? ''}
      placeholder={placeholder}
      keys="/"
      inputRef={inputRef}
      value={value}
      onChange={onChange}
    />
  );
}

/** A group of chips, with the name of the property that they filter. */
export function Chips({label, children}: {readonly label: string; readonly children: ReactNode}) {
  return (
    <fieldset className={styles.group}>
      <legend>
        <VisuallyHidden>{label}</VisuallyHidden>
      </legend>
      {children}
    </fieldset>
  );
}

export interface ChipProps {
  readonly pressed: boolean;
  readonly onPress: () => void;
  readonly children: ReactNode;
  /** Number of matches. Absent: there is no count. `undefined`: not known yet. */
  readonly count?: number | string | undefined;
  readonly title?: string;
  readonly className?: string | undefined;
}

/** A toggle. A shape or swatch comes before the text. */
export function Chip({pressed, onPress, children, title, className, ...rest}: ChipProps) {
  return (
    <button
      type="button"
      className={classes(styles.chip, className)}
      aria-pressed={pressed}
      title={title}
      onClick={onPress}
    >
      {children}
      {'count' in rest && <span className={styles.count}>{rest.count}</span>}
    </button>
  );
}

export interface PauseChipProps {
  readonly isPaused: boolean;
  readonly onPause: () => void;
  /** The text while not paused. @default 'Pause' */
  readonly label?: string;
}

/** The `p` key toggles it; the screen registers the shortcut. */
export function PauseChip({isPaused, onPause, label = 'Pause'}: PauseChipProps) {
  return (
    <Chip pressed={isPaused} onPress={onPause} className={styles.pause}>
      <Icon name={isPaused ? 'play' : 'pause'} size={12} />
      <span>{isPaused ? 'Paused' : label}</span>
      <KeyHint keys="p" />
    </Chip>
  );
}
