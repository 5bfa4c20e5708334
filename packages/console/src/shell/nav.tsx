/** The navigation between screens, with the number of live calls. */
import type {CallState} from '@hookswitch/client';
import {useCalls} from '@hookswitch/client/react';
import {Link, useLocation} from 'wouter';
import {Icon} from '../design/icon.tsx';
import {VisuallyHidden} from '../design/visually-hidden.tsx';
import {type ScreenLink, screens} from './screens.ts';
import styles from './shell.module.css';

export function Nav() {
  const [location] = useLocation();
  const calls = useCalls();
  const counts: Readonly<Record<string, number>> = {'/': withoutLegs(calls)};
  return (
    <nav className={styles.nav} aria-label="Screens">
      <ul>
        {screens.map((screen) => (
          <li key={screen.path}>
            <NavLink screen={screen} current={isCurrent(screen.path, location)} count={counts[screen.path]} />
          </li>
        ))}
      </ul>
    </nav>
  );
}

/** Legs are counted with their calls, as above the list. */
function withoutLegs(calls: readonly CallState[]): number {
  const sids = new Set(calls.map(({callSid}) => callSid));
  return calls.filter(({parentCallSid}) => parentCallSid === undefined || !sids.has(parentCallSid)).length;
}

/** A call page belongs to the live calls. */
function isCurrent(path: string, location: string): boolean {
  return path === location || (path === '/' && location.startsWith('/calls/'));
}

interface NavLinkProps {
  readonly screen: ScreenLink;
  readonly current: boolean;
  readonly count: number | undefined;
}

function NavLink({screen, current, count}: NavLinkProps) {
  return (
    <Link
      href={screen.path}
      className={styles.link ?? ''}
      aria-current={current ? 'page' : undefined}
      title={`${screen.name} (${screen.keys})`}
    >
      <Icon name={screen.icon} size={18} />
      <span className={styles.long}>{screen.name}</span>
      <span className={styles.short}>{screen.shortName}</span>
      {count !== undefined && count > 0 && (
        <span className={styles.count}>
          {count}
          <VisuallyHidden> in progress</VisuallyHidden>
        </span>
      )}
    </Link>
  );
}
