/** The page's {@link ShortcutRegistry}, connected to the keyboard. */
import {useEffect, useRef, useSyncExternalStore} from 'react';
import {readSetting, writeSetting} from './settings.ts';
import {type KeyPress, ShortcutRegistry, type ShortcutsSnapshot} from './shortcut-registry.ts';

const SETTING = 'hookswitch.shortcuts';

export const shortcuts = new ShortcutRegistry({enabled: readSetting(SETTING) !== 'off'});

export interface UseShortcutOptions {
  /** Heading in the help sheet. @default 'On this page' */
  readonly group?: string;
  /** @default true */
  readonly enabled?: boolean;
  /** @default true */
  readonly inPalette?: boolean;
}

/**
 * Registers a key while the component is mounted: `useShortcut('x', 'Hang up the selected call', hangUp)`. It
 * never fires while the user types, or while Ctrl, ⌘ or Alt is held. `handler` may change with every render.
 */
export function useShortcut(
  keys: string,
  label: string,
  handler: () => void,
  {group = 'On this page', enabled = true, inPalette = true}: UseShortcutOptions = {},
): void {
  const current = useRef(handler);
  useEffect(() => {
    current.current = handler;
  });
  useEffect(() => {
    if (!enabled) return undefined;
    return shortcuts.add({keys, label, group, inPalette, handler: () => current.current()});
  }, [keys, label, group, enabled, inPalette]);
}

export function useShortcuts(): ShortcutsSnapshot {
  return useSyncExternalStore(shortcuts.subscribe, shortcuts.getSnapshot);
}

export function setShortcutsEnabled(enabled: boolean): void {
  writeSetting(SETTING, enabled ? undefined : 'off');
  shortcuts.setEnabled(enabled);
}

/** Interval for expiring unfinished sequences. */
const EXPIRE_EVERY_MS = 400;

/** Listens until the returned function is called. */
export function listenToKeys(): () => void {
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.defaultPrevented || event.isComposing) return;
    const target = targetOf(event.target);
    if (event.key === 'Escape' && target === 'editable' && event.target instanceof HTMLElement) {
      event.target.blur();
      return;
    }
    const {key, ctrlKey, metaKey, altKey, timeStamp} = event;
    if (shortcuts.handle({key, ctrlKey, metaKey, altKey, target, at: timeStamp})) event.preventDefault();
  };
  document.addEventListener('keydown', onKeyDown);
  const timer = setInterval(() => shortcuts.expire(performance.now()), EXPIRE_EVERY_MS);
  return () => {
    document.removeEventListener('keydown', onKeyDown);
    clearInterval(timer);
  };
}

function targetOf(target: EventTarget | null): KeyPress['target'] {
  if (!(target instanceof Element)) return 'page';
  if (target.closest('[role="dialog"], [role="alertdialog"]') !== null) return 'dialog';
  const field = target.closest('input, textarea, select, [contenteditable="true"]');
  const isBox = field instanceof HTMLInputElement && /^(?:checkbox|radio|button|submit)$/.test(field.type);
  if (field !== null && !isBox) return 'editable';
  return target.closest('button, a, summary, input') === null ? 'page' : 'control';
}
