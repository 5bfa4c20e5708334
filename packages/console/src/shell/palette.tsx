/** Finds a call or a command. The field keeps the focus, and the arrow keys move in the list. */
import {useCalls} from '@hookswitch/client/react';
import {useState} from 'react';
import {Autocomplete} from 'react-aria-components/Autocomplete';
import {Dialog} from 'react-aria-components/Dialog';
import {Input} from 'react-aria-components/Input';
import {Header, ListBox, ListBoxItem, ListBoxSection} from 'react-aria-components/ListBox';
import {Modal, ModalOverlay} from 'react-aria-components/Modal';
import {TextField} from 'react-aria-components/TextField';
import {useLocation} from 'wouter';
import dialogStyles from '../design/dialog.module.css';
import {KeyHint} from '../design/key-hint.tsx';
import {Phone} from '../design/phone.tsx';
import {StatusMark} from '../design/status-mark.tsx';
import {useScope, useSession} from '../session/session-context.ts';
import {usePageCommands} from './page-commands.ts';
import styles from './palette.module.css';
import {type PaletteItem, paletteItems} from './palette-items.ts';
import {useShortcuts} from './shortcuts.ts';
import {setTheme} from './theme.ts';

export interface PaletteProps {
  readonly onClose: () => void;
}

export default function Palette({onClose}: PaletteProps) {
  const {signOut} = useSession();
  const [query, setQuery] = useState('');
  const [, navigate] = useLocation();
  const calls = useCalls();
  const {shortcuts} = useShortcuts();
  const pageCommands = usePageCommands();
  const items = paletteItems({
    query,
    calls,
    shortcuts,
    mayDial: useScope('calls:control'),
    commands: [
      ...pageCommands,
      {label: 'Use the system theme', run: () => setTheme('system')},
      {label: 'Sign out in all tabs', run: signOut},
    ],
  });
  const sections = Map.groupBy(items, ({section}) => section);
  const act = (id: string) => {
    const item = items.find((candidate) => candidate.id === id);
    if (item === undefined) return;
    onClose();
    if (item.action.kind === 'go') navigate(item.action.path);
    else item.action.run();
  };
  return (
    <ModalOverlay
      isOpen
      isDismissable
      onOpenChange={(isOpen) => !isOpen && onClose()}
      className={dialogStyles.overlay ?? ''}
    >
      <Modal className={styles.palette ?? ''}>
        <Dialog aria-label="Find a call or a command" className={styles.dialog ?? ''}>
          <Autocomplete inputValue={query} onInputChange={setQuery}>
            <TextField aria-label="Number, call sid or command" autoFocus className={styles.field ?? ''}>
              <Input className={styles.input ?? ''} placeholder="Number, call sid or command…" />
            </TextField>
            <ListBox
              aria-label="Calls and commands"
              selectionMode="none"
              className={styles.list ?? ''}
              onAction={(key) => act(String(key))}
              renderEmptyState={() => <p className={styles.empty}>No matches</p>}
            >
              {[...sections].map(([section, members]) => (
                <ListBoxSection key={section} id={section} aria-label={section}>
                  <Header className={styles.heading ?? ''}>{section}</Header>
                  {members.map((item) => (
                    <ListBoxItem
                      key={item.id}
                      id={item.id}
                      textValue={item.label}
                      className={styles.item ?? ''}
                    >
                      <ItemText item={item} />
                    </ListBoxItem>
                  ))}
                </ListBoxSection>
              ))}
            </ListBox>
          </Autocomplete>
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}

function ItemText({item: {call, label, keys}}: {readonly item: PaletteItem}) {
  if (call === undefined) {
    return (
      <>
        <span className={styles.label}>{label}</span>
        {keys !== undefined && <KeyHint keys={keys} />}
      </>
    );
  }
  return (
    <>
      <StatusMark status={call.status} reason={call.reason} />
      <span className={styles.label}>
        <Phone number={call.from} plain /> → <Phone number={call.to} plain />
      </span>
    </>
  );
}
