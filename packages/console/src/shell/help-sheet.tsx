/** The list of keyboard shortcuts that work at the moment. */
import {useId} from 'react';
import {Button} from '../design/button.tsx';
import {Dialog} from '../design/dialog.tsx';
import {KeyHint} from '../design/key-hint.tsx';
import {VisuallyHidden} from '../design/visually-hidden.tsx';
import styles from './help-sheet.module.css';
import {setShortcutsEnabled, useShortcuts} from './shortcuts.ts';

export default function HelpSheet({onClose}: {readonly onClose: () => void}) {
  const {shortcuts, enabled} = useShortcuts();
  const groups = Map.groupBy(shortcuts, ({group}) => group);
  const box = useId();
  return (
    <Dialog
      open
      onClose={onClose}
      title="Keyboard shortcuts"
      wide
      actions={<Button onPress={onClose}>Close</Button>}
    >
      <div className={styles.groups}>
        {[...groups].map(([group, members]) => (
          <section key={group}>
            <h3 className={styles.heading}>{group}</h3>
            <dl className={styles.list}>
              {members.map(({keys, label}) => (
                <div key={keys} className={styles.line}>
                  <dt>{label}</dt>
                  <dd>
                    <KeyHint keys={keys} />
                    <VisuallyHidden>{keys}</VisuallyHidden>
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
      <div className={styles.setting}>
        <input
          id={box}
          type="checkbox"
          checked={enabled}
          onChange={(event) => setShortcutsEnabled(event.target.checked)}
        />
        <label htmlFor={box}>Single-key shortcuts</label>
      </div>
      <p className={styles.note}>
        This browser keeps your access key while a tab of the console is open, and shares it with the
        console’s other tabs. “Sign out” ends all of them.
      </p>
    </Dialog>
  );
}
