/** A multi-line text field with label, hint and error. */
import {useId} from 'react';
import {classes} from '../../design/classes.ts';
import fieldStyles from '../../design/field.module.css';
import styles from './live.module.css';

export interface TextAreaProps {
  readonly label: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly placeholder?: string;
  readonly hint: string;
  /** Replaces the hint and marks the field as invalid. */
  readonly error?: string | undefined;
}

export function TextArea({label, value, onChange, placeholder, hint, error}: TextAreaProps) {
  const id = useId();
  const note = useId();
  return (
    <div className={fieldStyles.field}>
      <label htmlFor={id} className={fieldStyles.label}>
        {label}
      </label>
      <textarea
        id={id}
        className={classes(fieldStyles.input, fieldStyles.mono, styles.area)}
        rows={3}
        spellCheck={false}
        autoComplete="off"
        placeholder={placeholder}
        aria-describedby={note}
        aria-invalid={error !== undefined || undefined}
        value={value}
        onChange={(event) => onChange(event.target.value)}
      />
      <span id={note} className={error === undefined ? fieldStyles.hint : fieldStyles.error}>
        {error ?? hint}
      </span>
    </div>
  );
}
