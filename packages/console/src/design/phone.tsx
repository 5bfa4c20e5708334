/**
 * A number or address, masked until the user reveals it. It is then revealed everywhere, until the page is
 * closed.
 */
import {useSyncExternalStore} from 'react';
import {IconButton} from './button.tsx';
import {Icon} from './icon.tsx';
import {maskNumber} from './mask-number.ts';
import styles from './phone.module.css';

const listeners = new Set<() => void>();
/** Kept in memory only, so that a screen shared later does not show it. */
let revealed: ReadonlySet<string> = new Set();

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function show(next: ReadonlySet<string>): void {
  revealed = next;
  for (const listener of listeners) listener();
}

/** Reveals the numbers, or hides them if all are revealed. */
export function toggleRevealed(...numbers: readonly string[]): void {
  const all = numbers.every((number) => revealed.has(number));
  const next = new Set(revealed);
  for (const number of numbers) {
    if (all) next.delete(number);
    else next.add(number);
  }
  show(next);
}

/** For signing out. */
export function hideAllNumbers(): void {
  show(new Set());
}

export function useRevealed(number: string): boolean {
  return useSyncExternalStore(subscribe, () => revealed.has(number));
}

export interface PhoneProps {
  readonly number: string;
  /** Without the button, for use inside a link or another button. */
  readonly plain?: boolean;
}

export function Phone({number, plain = false}: PhoneProps) {
  const isRevealed = useRevealed(number);
  const masked = maskNumber(number);
  const text = isRevealed ? number : masked;
  if (plain || masked === number) return <span className={styles.text}>{text}</span>;
  return (
    <span className={styles.phone}>
      <span className={styles.text}>{text}</span>
      <IconButton
        small
        tabIndex={-1}
        className={styles.reveal ?? ''}
        label={isRevealed ? 'Hide number' : 'Show number'}
        onPress={() => toggleRevealed(number)}
      >
        <Icon name={isRevealed ? 'eye-off' : 'eye'} size={14} />
      </IconButton>
    </span>
  );
}
