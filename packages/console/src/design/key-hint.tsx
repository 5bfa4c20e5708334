/** The keys of a shortcut, as `useShortcut` takes them: `g c`, `Enter`, `mod+k`. Not shown where there is no keyboard. */
import styles from './key-hint.module.css';

const NAMES: Readonly<Record<string, string>> = {
  Escape: 'Esc',
  Enter: '↵',
  ArrowUp: '↑',
  ArrowDown: '↓',
};

/** Decoration for the eye, drawn by the style sheet: as text it would be part of the name of the button it stands in. */
export function KeyHint({keys}: {readonly keys: string}) {
  return (
    <span className={styles.hint} aria-hidden="true">
      {keys.split(' ').map((key, index) => (
        // A sequence has no other identity than its order.
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
