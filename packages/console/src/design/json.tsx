/**
 * A value as JSON, colored and with a copy button. It is rendered as text, so nothing in it can become
 * markup.
 */
import {useMemo} from 'react';
import {CopyButton} from './copy-button.tsx';
import styles from './json.module.css';
import {jsonTokens} from './json-tokens.ts';

/** Above this length, coloring costs more than it helps. */
const MAX_COLORED = 100_000;

/**
 * Invisible characters, and those that change the text direction. They are shown as escapes, which mean the
 * same.
 */
const UNSEEN = /[\u007f-\u009f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

export interface JsonProps {
  readonly value: unknown;
  /** Names the value, for the copy button and for screen readers. */
  readonly label: string;
}

export function Json({value, label}: JsonProps) {
  const text = useMemo(
    () => (JSON.stringify(value, undefined, 2) ?? 'undefined').replace(UNSEEN, escaped),
    [value],
  );
  const tokens = useMemo(() => (text.length > MAX_COLORED ? undefined : jsonTokens(text)), [text]);
  return (
    <div className={styles.box}>
      {/* It scrolls, so the keyboard must be able to focus it. */}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: see above */}
      <section className={styles.pre} aria-label={label} tabIndex={0}>
        <pre>
          {tokens === undefined
            ? text
            : tokens.map(({kind, text: part}, index) => (
                // Tokens have no identity but their position.
                <span key={index} className={kind === 'plain' ? undefined : styles[kind]}>
                  {part}
                </span>
              ))}
        </pre>
      </section>
      <span className={styles.copy}>
        <CopyButton text={text} label={`Copy ${label}`} />
      </span>
    </div>
  );
}
