/** The screens in the navigation, with their shortcuts. */
import type {IconName} from '../design/icon.tsx';

export interface ScreenLink {
  readonly path: string;
  readonly name: string;
  /** For narrow screens. */
  readonly shortName: string;
  readonly keys: string;
  readonly icon: IconName;
}

export const screens: readonly ScreenLink[] = [
  {path: '/', name: 'Live calls', shortName: 'Live', keys: 'g c', icon: 'phone'},
  {path: '/history', name: 'History', shortName: 'History', keys: 'g h', icon: 'history'},
  {path: '/webhooks', name: 'Webhooks', shortName: 'Webhooks', keys: 'g w', icon: 'webhook'},
  {path: '/connections', name: 'Connections', shortName: 'Sessions', keys: 'g s', icon: 'connections'},
  {path: '/health', name: 'Health', shortName: 'Health', keys: 'g d', icon: 'health'},
];
