/** What stands above a list and says which of it is shown: `FilterBar`, `FilterText`, `Chips`, `Chip`, `PauseChip`. */
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
  /** Lets everything through; `undefined` where the filter does so already. */
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
  /** What is looked through, in a sentence; read out. */
  readonly label: string;
  /** The same in a few words. */
  readonly placeholder: string;
  readonly value: string;
  readonly onChange: (text: string) => void;
  readonly inputRef: Ref<HTMLInputElement>;
}

/** `/` leads to it: the screen has the shortcut. */
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

/** Chips that belong together, by the name of what they choose. */
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
  /** How many there are; absent where nobody counts, `undefined` until it is known. */
  readonly count?: number | string | undefined;
  readonly title?: string;
  readonly className?: string | undefined;
}

/** On or off. A shape or swatch in it stands in front of its word. */
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
  /** What it does. @default 'Pause' */
  readonly label?: string;
}

/** `p`: the screen has the shortcut. */
export function PauseChip({isPaused, onPause, label = 'Pause'}: PauseChipProps) {
  return (
    <Chip pressed={isPaused} onPress={onPause} className={styles.pause}>
      <Icon name={isPaused ? 'play' : 'pause'} size={12} />
      <span>{isPaused ? 'Paused' : label}</span>
      <KeyHint keys="p" />
    </Chip>
  );
}
