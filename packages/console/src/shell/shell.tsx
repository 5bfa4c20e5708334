/** What stands around every screen: header, navigation, connection, simulator's banner, keys. */
import {type ReactNode, Suspense, useEffect, useRef, useState} from 'react';
import {Link, useLocation} from 'wouter';
import {Button, IconButton} from '../design/button.tsx';
import {ErrorBoundary} from '../design/error-boundary.tsx';
import {Icon} from '../design/icon.tsx';
import {KeyHint} from '../design/key-hint.tsx';
import {useSession} from '../session/session-context.ts';
import {ConnectionBanner, StoppedNotice} from './connection-banner.tsx';
import {LoadAhead, lazyAhead} from './load-ahead.tsx';
import {Nav} from './nav.tsx';
import {screens} from './screens.ts';
import styles from './shell.module.css';
import {listenToKeys, useShortcut, useShortcuts} from './shortcuts.ts';
import {SimulatorSlotContext} from './simulator-slot.tsx';
import {isDark, toggleTheme, useTheme} from './theme.ts';

const HelpSheet = lazyAhead(() => import('./help-sheet.tsx'));
const Palette = lazyAhead(() => import('./palette.tsx'));

export function Shell({children}: {readonly children: ReactNode}) {
  const {info, signOut} = useSession();
  const [open, setOpen] = useState<'help' | 'palette'>();
  const [slot, setSlot] = useState<HTMLElement>();
  const main = useRef<HTMLElement>(null);
  useTheme();
  useEffect(listenToKeys, []);
  useScreenKeys();
  useShortcut('t', 'Switch between light and dark', toggleTheme, {group: 'Anywhere'});
  useShortcut('?', 'Show the keys', () => setOpen('help'), {group: 'Anywhere'});
  useShortcut('mod+k', 'Find a call or a command', () => setOpen('palette'), {
    group: 'Anywhere',
    inPalette: false,
  });
  const close = () => setOpen(undefined);
  return (
    <div className={styles.shell}>
      {/* No link: with a base address, `#…` would lead away from the screen. */}
      <button type="button" className={styles.skip} onClick={() => main.current?.focus()}>
        Skip to the content
      </button>
      <header className={styles.header}>
        <Link href="/" className={styles.brand ?? ''} aria-label="Hookswitch, live calls">
          <img src="icon.svg" alt="" width="22" height="22" />
          <span className={styles['brand-name']}>Hookswitch</span>
        </Link>
        <Nav />
        <div className={styles.tools}>
          <div className={styles.connection}>
            <ConnectionBanner />
          </div>
          <Button
            variant="quiet"
            className={styles.find ?? ''}
            label="Find a call or a command"
            keys="mod+k"
            onPress={() => setOpen('palette')}
          >
            <Icon name="search" />
            <span className={styles['find-word']}>Find</span>
          </Button>
          <IconButton label={isDark() ? 'Light colours' : 'Dark colours'} onPress={toggleTheme}>
            <Icon name={isDark() ? 'sun' : 'moon'} />
          </IconButton>
          <span className={styles['wide-only']}>
            <IconButton label="Keys" onPress={() => setOpen('help')}>
              <Icon name="keyboard" />
            </IconButton>
          </span>
          <IconButton label={`Sign out ${info.user} in all tabs`} onPress={signOut}>
            <Icon name="log-out" />
          </IconButton>
        </div>
      </header>
      <StoppedNotice />
      {info.simulated && (
        <section className={styles.simulator} aria-label="Simulator">
          <p>
            <Icon name="flask" />
            <span>Twilio is simulated: nothing here reaches a telephone.</span>
          </p>
          <div className={styles.slot} ref={(element) => setSlot(element ?? undefined)} />
        </section>
      )}
      <main ref={main} className={styles.main} tabIndex={-1}>
        <SimulatorSlotContext value={slot}>{children}</SimulatorSlotContext>
      </main>
      <PendingKeys />
      <LoadAhead />
      {/* Without it, a chunk that cannot be had would take the whole page along. */}
      <ErrorBoundary key={open ?? 'none'}>
        <Suspense>
          {open === 'help' && <HelpSheet onClose={close} />}
          {open === 'palette' && <Palette onClose={close} />}
        </Suspense>
      </ErrorBoundary>
    </div>
  );
}

/** `g c` and its kind. */
function useScreenKeys(): void {
  const [, navigate] = useLocation();
  // The list never changes, so that the hooks are the same every time.
  for (const {keys, name, path} of screens) {
    useShortcut(keys, name, () => navigate(path), {group: 'Go to'});
  }
}

/** After `g`: what can follow. */
function PendingKeys() {
  const {prefix, shortcuts} = useShortcuts();
  if (prefix === undefined) return null;
  const next = shortcuts.filter(({keys}) => keys.startsWith(`${prefix} `));
  return (
    <div className={styles.pending} aria-hidden="true">
      <KeyHint keys={prefix} />
      {next.map(({keys, label}) => (
        <span key={keys}>
          <KeyHint keys={keys.slice(prefix.length + 1)} /> {label}
        </span>
      ))}
    </div>
  );
}
