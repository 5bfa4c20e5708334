/** A value as JSON, coloured and to be copied. Text is text: nothing in it can become markup. */
import {useMemo} from 'react';
import {CopyButton} from './copy-button.tsx';
import styles from './json.module.css';
import {jsonTokens} from './json-tokens.ts';

/** Beyond, colouring would cost more than it tells. */
const MAX_COLOURED = 100_000;

/** Shows nothing, or turns the text around it; as an escape it means the same, and is seen. */
const UNSEEN = /[\u007f-\u009f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

export interface JsonProps {
  readonly value: unknown;
  /** What it is; for the copy button and those who listen. */
  readonly label: string;
}

export function Json({value, label}: JsonProps) {
  const text = useMemo(
    () => (JSON.stringify(value, undefined, 2) ?? 'undefined').replace(UNSEEN, escaped),
    [value],
  );
  const tokens = useMemo(() => (text.length > MAX_COLOURED ? undefined : jsonTokens(text)), [text]);
  return (
    <div className={styles.box}>
      {/* It scrolls, so that the keyboard must be able to reach it. */}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: see above */}
      <section className={styles.pre} aria-label={label} tabIndex={0}>
        <pre>
          {tokens === undefined
            ? text
            : tokens.map(({kind, text: part}, index) => (
                // The place in the text is all that a piece is known by.
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
