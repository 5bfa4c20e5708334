/** The frame around all screens: header, navigation, connection, simulator's banner, shortcuts. */
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
  useShortcut('t', 'Switch between light and dark theme', toggleTheme, {group: 'Anywhere'});
  useShortcut('?', 'Show keyboard shortcuts', () => setOpen('help'), {group: 'Anywhere'});
  useShortcut('mod+k', 'Find a call or a command', () => setOpen('palette'), {
    group: 'Anywhere',
    inPalette: false,
  });
  const close = () => setOpen(undefined);
  return (
    <div className={styles.shell}>
      {/* Not a link, because with a base URL `#…` would leave the screen. */}
      <button type="button" className={styles.skip} onClick={() => main.current?.focus()}>
        Skip to content
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
          <IconButton label={isDark() ? 'Light theme' : 'Dark theme'} onPress={toggleTheme}>
            <Icon name={isDark() ? 'sun' : 'moon'} />
          </IconButton>
          <span className={styles['wide-only']}>
            <IconButton label="Keyboard shortcuts" onPress={() => setOpen('help')}>
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
            <span>Twilio is simulated. No real calls are placed.</span>
          </p>
          <div className={styles.slot} ref={(element) => setSlot(element ?? undefined)} />
        </section>
      )}
      <main ref={main} className={styles.main} tabIndex={-1}>
        <SimulatorSlotContext value={slot}>{children}</SimulatorSlotContext>
      </main>
      <PendingKeys />
      <LoadAhead />
      {/* Without it, a missing chunk would break the whole page. */}
      <ErrorBoundary key={open ?? 'none'}>
        <Suspense>
          {open === 'help' && <HelpSheet onClose={close} />}
          {open === 'palette' && <Palette onClose={close} />}
        </Suspense>
      </ErrorBoundary>
    </div>
  );
}

/** `g c` and similar shortcuts. */
function useScreenKeys(): void {
  const [, navigate] = useLocation();
  // The list never changes, so the order of hooks is stable.
  for (const {keys, name, path} of screens) {
    useShortcut(keys, name, () => navigate(path), {group: 'Go to'});
  }
}

/** The possible second keys after `g`. */
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
