/** The frame of every screen: its only h1, the document title, and the focus after a navigation. */
import {type ReactNode, useEffect, useRef} from 'react';
import styles from './screen.module.css';
import {useTitle} from './use-title.ts';

export interface ScreenProps {
  readonly title: string;
  /** The document title. @default title */
  readonly documentTitle?: string;
  /** Next to the title: counts, a state. */
  readonly note?: ReactNode;
  /** At the right. */
  readonly actions?: ReactNode;
  readonly children: ReactNode;
}

/** The first screen leaves the focus where the browser put it. */
let navigated = false;

export function Screen({title, documentTitle = title, note, actions, children}: ScreenProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  useTitle(documentTitle);
  useEffect(() => {
    // When the user goes back, the browser restores the scroll position itself.
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
