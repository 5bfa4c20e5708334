/**
 * Icons in the color of the surrounding text, 16 × 16. They are decoration; the component that shows one adds
 * the meaning as text.
 */
import type {ReactNode} from 'react';

export interface IconProps {
  readonly name: IconName;
  /** Pixels. @default 16 */
  readonly size?: number;
}

export function Icon({name, size = 16}: IconProps) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      strokeWidth={size > 18 ? 1.25 : 1.5}
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
    >
      {paths[name]}
    </svg>
  );
}

const paths = {
  phone: (
    <path d="M3.2 2.5h2.3l1.2 3-1.5 1.1a8 8 0 0 0 4.2 4.2l1.1-1.5 3 1.2v2.3a1 1 0 0 1-1.1 1A10.8 10.8 0 0 1 2.2 3.6a1 1 0 0 1 1-1.1Z" />
  ),
  'hang-up': (
    <path d="M1.8 9.9c-.7-1.4.9-4.4 6.2-4.4s6.9 3 6.2 4.4l-.4.7-3-.9V8.1a8 8 0 0 0-5.6 0v1.6l-3 .9Z" />
  ),
  inbound: <path d="M12.5 3.5 4 12m0-6v6h6" />,
  outbound: <path d="M3.5 12.5 12 4m-6 0h6v6" />,
  history: <path d="M2.5 8a5.5 5.5 0 1 0 1.9-4.2L2.5 5.5m0-3v3h3M8 5v3.2l2.2 1.3" />,
  webhook: (
    <path d="M5.7 9.7 8 5.8M10.3 9.7H6M9.7 9.1 7.6 5.5M8 5.8a2 2 0 1 0-.4-.3M6 9.7a2 2 0 1 1-.3 0m4.6 0a2 2 0 1 1-.6-.6" />
  ),
  connections: (
    <path d="M8 3.5v3M3.5 12.5v-2a2 2 0 0 1 2-2h5a2 2 0 0 1 2 2v2M8 6.5v2M6.5 2h3v1.5h-3zM2 12.5h3V14H2zM11 12.5h3V14h-3z" />
  ),
  health: <path d="M1.5 8h3l1.8-4.5 3 9L11.2 8h3.3" />,
  search: <path d="m10.2 10.2 3.3 3.3M7 11.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9Z" />,
  copy: <path d="M5.5 5.5v-3h8v8h-3M2.5 5.5h8v8h-8z" />,
  check: <path d="m2.5 8.5 3.5 3.5 7.5-8" />,
  close: <path d="m3.5 3.5 9 9m0-9-9 9" />,
  eye: (
    <path d="M1.5 8S4 3.5 8 3.5 14.5 8 14.5 8 12 12.5 8 12.5 1.5 8 1.5 8ZM8 9.75a1.75 1.75 0 1 0 0-3.5 1.75 1.75 0 0 0 0 3.5Z" />
  ),
  'eye-off': (
    <path d="m2.5 2.5 11 11M6.2 3.8A6.5 6.5 0 0 1 8 3.5c4 0 6.5 4.5 6.5 4.5a11 11 0 0 1-1.7 2.2M9.9 12.2a6.3 6.3 0 0 1-1.9.3C4 12.5 1.5 8 1.5 8a11 11 0 0 1 2.7-3.1" />
  ),
  lock: <path d="M3.5 7.5h9v6h-9zM5.5 7.5V5a2.5 2.5 0 0 1 5 0v2.5" />,
  alert: <path d="M8 6v3.2M8 11.6v.1M8 2 1.5 13.5h13Z" />,
  sun: (
    <path d="M8 10.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5ZM8 1.5v1M8 13.5v1M1.5 8h1M13.5 8h1M3.4 3.4l.7.7M11.9 11.9l.7.7M3.4 12.6l.7-.7M11.9 4.1l.7-.7" />
  ),
  moon: <path d="M13.5 9.5A5.8 5.8 0 0 1 6.5 2.5a5.8 5.8 0 1 0 7 7Z" />,
  system: <path d="M2 3h12v8H2zM6 14h4M8 11v3" />,
  keyboard: <path d="M1.5 4h13v8h-13zM4 6.5h.1M6.6 6.5h.1M9.2 6.5h.1M11.8 6.5h.1M5 9.5h6" />,
  'log-out': <path d="M6 2.5H3v11h3M7 8h6.5m-2.5-2.5L13.5 8 11 10.5" />,
  pause: <path d="M5 3v10M11 3v10" />,
  play: <path d="m4.5 3 8 5-8 5Z" />,
  refresh: <path d="M13.5 8a5.5 5.5 0 1 1-1.6-3.9l1.6 1.6m0-3.2v3.2h-3.2" />,
  'chevron-right': <path d="m6 3.5 4.5 4.5L6 12.5" />,
  'chevron-down': <path d="M3.5 6 8 10.5 12.5 6" />,
  external: <path d="M9.5 2.5h4v4M13.5 2.5l-6 6M11.5 9.5v4h-9v-9h4" />,
  flask: <path d="M6 2v4.5L2.5 13a.7.7 0 0 0 .6 1h9.8a.7.7 0 0 0 .6-1L10 6.5V2M5 2h6M4.5 10h7" />,
} as const satisfies Readonly<Record<string, ReactNode>>;

export type IconName = keyof typeof paths;
