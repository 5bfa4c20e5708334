/** The theme: light, dark, or that of the system. */
import {useSyncExternalStore} from 'react';
import {readSetting, writeSetting} from './settings.ts';

export type Theme = 'system' | 'light' | 'dark';

const SETTING = 'hookswitch.theme';
const listeners = new Set<() => void>();
let theme: Theme = parse(readSetting(SETTING));

function parse(value: string | undefined): Theme {
  return value === 'light' || value === 'dark' ? value : 'system';
}

export function applyTheme(): void {
  if (theme === 'system') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = theme;
}

export function setTheme(next: Theme): void {
  theme = next;
  writeSetting(SETTING, next === 'system' ? undefined : next);
  applyTheme();
  for (const listener of listeners) listener();
}

/** Whether the page is dark, by setting or by system. */
export function isDark(): boolean {
  return theme === 'system' ? matchMedia('(prefers-color-scheme: dark)').matches : theme === 'dark';
}

/** Switches between light and dark. */
export function toggleTheme(): void {
  setTheme(isDark() ? 'light' : 'dark');
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function useTheme(): Theme {
  return useSyncExternalStore(subscribe, () => theme);
}
