/**
 * A choice of one option. It uses the browser's `<select>`, because that works with every screen reader,
 * opens the native picker on a phone, and costs nothing.
 */
import {useId} from 'react';
import {classes} from './classes.ts';
import styles from './field.module.css';

export interface SelectOption<T extends string> {
  readonly value: T;
  readonly label: string;
}

export interface SelectProps<T extends string> {
  readonly label: string;
  readonly hideLabel?: boolean;
  readonly value: T;
  readonly options: readonly SelectOption<T>[];
  readonly onChange: (value: T) => void;
  readonly className?: string;
}

export function Select<T extends string>({
  label,
  hideLabel = false,
  value,
  options,
  onChange,
  className,
}: SelectProps<T>) {
  const id = useId();
  return (
    <div className={classes(styles.field, className)}>
      <label htmlFor={id} className={hideLabel ? styles['hidden-label'] : styles.label}>
        {label}
      </label>
      <select
        id={id}
        className={styles.input}
        value={value}
        onChange={(event) => {
          const chosen = options.find((option) => option.value === event.target.value);
          if (chosen !== undefined) onChange(chosen.value);
        }}
      >
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.label}
          </option>
        ))}
      </select>
    </div>
  );
}
