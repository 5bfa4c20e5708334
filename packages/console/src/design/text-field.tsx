/** A single-line text field with label, hint and error. */
import type {Ref} from 'react';
import {FieldError} from 'react-aria-components/FieldError';
import {Input} from 'react-aria-components/Input';
import {Label} from 'react-aria-components/Label';
import {Text} from 'react-aria-components/Text';
import {TextField as AriaTextField} from 'react-aria-components/TextField';
import {classes} from './classes.ts';
import styles from './field.module.css';
import {KeyHint} from './key-hint.tsx';

export interface TextFieldProps {
  readonly label: string;
  /** Where the context already names the field, for example in a filter. */
  readonly hideLabel?: boolean;
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly type?: 'text' | 'password' | 'tel' | 'search';
  readonly placeholder?: string;
  /** Shown below the field. */
  readonly hint?: string | undefined;
  /** Replaces the hint and marks the field as invalid. */
  readonly error?: string | undefined;
  readonly autoComplete?: string;
  readonly autoFocus?: boolean;
  readonly mono?: boolean;
  /** The shortcut that focuses the field. */
  readonly keys?: string;
  readonly describedBy?: string;
  readonly inputRef?: Ref<HTMLInputElement>;
  readonly className?: string;
}

export function TextField({
  label,
  hideLabel = false,
  value,
  onChange,
  type = 'text',
  placeholder,
  hint,
  error,
  autoComplete = 'off',
  autoFocus = false,
  mono = false,
  keys,
  describedBy,
  inputRef,
  className,
}: TextFieldProps) {
  return (
    <AriaTextField
      className={classes(styles.field, className)}
      value={value}
      onChange={onChange}
      type={type}
      autoComplete={autoComplete}
      autoFocus={autoFocus}
      isInvalid={error !== undefined}
      validationBehavior="aria"
      spellCheck="false"
      {...(describedBy !== undefined && {'aria-describedby': describedBy})}
    >
      <Label className={hideLabel ? styles['hidden-label'] : styles.label}>{label}</Label>
      <div className={styles.box}>
        <Input
          className={classes(styles.input, mono && styles.mono)}
          autoCapitalize="off"
          {...(placeholder !== undefined && {placeholder})}
          {...(inputRef && {ref: inputRef})}
        />
        {keys !== undefined && value === '' && (
          <span className={styles.keys}>
            <KeyHint keys={keys} />
          </span>
        )}
      </div>
      {hint !== undefined && error === undefined && (
        <Text slot="description" className={styles.hint}>
          {hint}
        </Text>
      )}
      <FieldError className={styles.error}>{error}</FieldError>
    </AriaTextField>
  );
}
