/** The frame of every screen: its one h1, the tab's title, and the focus that goes there after a navigation. */
import {type ReactNode, useEffect, useRef} from 'react';
import styles from './screen.module.css';
import {useTitle} from './use-title.ts';

export interface ScreenProps {
  readonly title: string;
  /** What the tab says. @default title */
  readonly documentTitle?: string;
  /** Beside the title: counts, a state. */
  readonly note?: ReactNode;
  /** At the right. */
  readonly actions?: ReactNode;
  readonly children: ReactNode;
}

/** The page's first screen leaves the focus where the browser put it. */
let navigated = false;

export function Screen({title, documentTitle = title, note, actions, children}: ScreenProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  useTitle(documentTitle);
  useEffect(() => {
    // Back in a list, the browser restores the scroll position by itself.
    if (navigated) heading.current?.focus({preventScroll: true});
    navigated = true;
  }, []);
  return (
    <div className={styles.screen}>
      <div className={styles.head}>
        <div className={styles.title}>
          <h1 ref={heading} tabIndex={-1}>
            {title}
          </h1>
          {note !== undefined && <div className={styles.note}>{note}</div>}
        </div>
        {actions !== undefined && <div className={styles.actions}>{actions}</div>}
      </div>
      {children}
    </div>
  );
}
