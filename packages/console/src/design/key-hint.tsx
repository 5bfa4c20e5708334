/**
 * The keys of a shortcut in the notation of `useShortcut`: `g c`, `Enter`, `mod+k`. Hidden on devices without
 * a keyboard.
 */
import styles from './key-hint.module.css';

const NAMES: Readonly<Record<string, string>> = {
  Escape: 'Esc',
  Enter: '↵',
  ArrowUp: '↑',
  ArrowDown: '↓',
};

/** Drawn by the style sheet, because as text it would be part of the button's name. */
export function KeyHint({keys}: {readonly keys: string}) {
  return (
    <span className={styles.hint} aria-hidden="true">
      {keys.split(' ').map((key, index) => (
        // Keys have no identity but their position.
        <kbd key={index} className={styles.key} data-key={keyName(key)} />
      ))}
    </span>
  );
}

function keyName(key: string): string {
  if (key.startsWith('mod+')) return `${isApple() ? '⌘' : 'Ctrl '}${key.slice(4).toUpperCase()}`;
  return NAMES[key] ?? key;
}

export function isApple(): boolean {
  return /Mac|iPhone|iPad/.test(navigator.userAgent);
}
