/** Buttons: a word (`Button`), or a picture that has a name (`IconButton`). */
import type {ReactNode, Ref} from 'react';
import {Button as AriaButton} from 'react-aria-components/Button';
import styles from './button.module.css';
import {classes} from './classes.ts';
import {KeyHint} from './key-hint.tsx';

export type ButtonVariant = 'default' | 'primary' | 'danger' | 'danger-solid' | 'quiet';

interface CommonProps {
  readonly onPress?: () => void;
  readonly type?: 'button' | 'submit';
  /** One `primary` a screen; `danger` asks, `danger-solid` does. @default 'default' */
  readonly variant?: ButtonVariant;
  readonly small?: boolean;
  readonly disabled?: boolean;
  readonly autoFocus?: boolean;
  /** Rows are one stop of the Tab key, what is in them is reached by other keys. */
  readonly tabIndex?: -1;
  readonly expanded?: boolean;
  readonly describedBy?: string;
  readonly buttonRef?: Ref<HTMLButtonElement>;
  readonly className?: string;
}

export interface ButtonProps extends CommonProps {
  readonly children: ReactNode;
  /** Keeps the focus, says that it is at work, and takes no second press. */
  readonly busy?: boolean;
  /** The shortcut that does the same, shown beside the word. */
  readonly keys?: string;
  /** Where the word alone does not say of what. */
  readonly label?: string;
}

export function Button({children, busy = false, keys, label, className, ...rest}: ButtonProps) {
  return (
    <Pressable {...rest} busy={busy} {...(label !== undefined && {label})} className={className}>
      {children}
      {keys !== undefined && <KeyHint keys={keys} />}
    </Pressable>
  );
}

export interface IconButtonProps extends CommonProps {
  /** What it does; also shown on hover. */
  readonly label: string;
  readonly children: ReactNode;
  readonly pressed?: boolean;
}

export function IconButton({label, className, variant = 'quiet', children, ...rest}: IconButtonProps) {
  return (
    <span title={label}>
      <Pressable {...rest} label={label} variant={variant} className={classes(styles.icon, className)}>
        {children}
      </Pressable>
    </span>
  );
}

interface PressableProps extends CommonProps {
  readonly children: ReactNode;
  readonly label?: string;
  readonly busy?: boolean;
  readonly pressed?: boolean;
  readonly className: string | undefined;
}

function Pressable({
  children,
  label,
  busy = false,
  pressed,
  onPress,
  type = 'button',
  variant = 'default',
  small = false,
  disabled = false,
  autoFocus,
  tabIndex,
  expanded,
  describedBy,
  buttonRef,
  className,
}: PressableProps) {
  return (
    <AriaButton
      type={type}
      isDisabled={disabled}
      isPending={busy}
      {...(onPress && {onPress})}
      {...(label !== undefined && {'aria-label': label})}
      {...(autoFocus && {autoFocus})}
      {...(tabIndex !== undefined && {excludeFromTabOrder: true})}
      {...(expanded !== undefined && {'aria-expanded': expanded})}
      {...(pressed !== undefined && {'aria-pressed': pressed})}
      {...(describedBy !== undefined && {'aria-describedby': describedBy})}
      {...(buttonRef && {ref: buttonRef})}
      className={classes(
        styles.button,
        variant !== 'default' && styles[variant],
        small && styles.small,
        className,
      )}
    >
      {children}
    </AriaButton>
  );
}
