/** Buttons with a text (`Button`) or an icon (`IconButton`). */
import type {ReactNode, Ref} from 'react';
import {Button as AriaButton} from 'react-aria-components/Button';
import styles from './button.module.css';
import {classes} from './classes.ts';
import {KeyHint} from './key-hint.tsx';

export type ButtonVariant = 'default' | 'primary' | 'danger' | 'danger-solid' | 'quiet';

interface CommonProps {
  readonly onPress?: () => void;
  readonly type?: 'button' | 'submit';
  /** One `primary` per screen. `danger` opens a confirmation, `danger-solid` acts. @default 'default' */
  readonly variant?: ButtonVariant;
  readonly small?: boolean;
  readonly disabled?: boolean;
  readonly autoFocus?: boolean;
  /** A row is one tab stop; its buttons have other keys. */
  readonly tabIndex?: -1;
  readonly expanded?: boolean;
  readonly describedBy?: string;
  readonly buttonRef?: Ref<HTMLButtonElement>;
  readonly className?: string;
}

export interface ButtonProps extends CommonProps {
  readonly children: ReactNode;
  /** Keeps the focus, announces that it is busy, and ignores further presses. */
  readonly busy?: boolean;
  /** The shortcut with the same effect, shown next to the text. */
  readonly keys?: string;
  /** An accessible name where the text alone is ambiguous. */
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
  /** The accessible name; also shown on hover. */
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
