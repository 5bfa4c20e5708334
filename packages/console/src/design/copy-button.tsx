/** Copies a text, and confirms it. */
import {useEffect, useState} from 'react';
import {IconButton} from './button.tsx';
import {Icon} from './icon.tsx';

const SHOWN_MS = 1500;

export interface CopyButtonProps {
  readonly text: string;
  /** The action, for example “Copy call sid”. */
  readonly label: string;
}

export function CopyButton({text, label}: CopyButtonProps) {
  const [state, setState] = useState<'idle' | 'copied' | 'failed'>('idle');
  useEffect(() => {
    if (state === 'idle') return undefined;
    const timer = setTimeout(() => setState('idle'), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [state]);
  const words = {idle: label, copied: 'Copied', failed: 'The browser blocked copying'} as const;
  return (
    <IconButton
      small
      label={words[state]}
      onPress={() => {
        copyText(text).then(
          () => setState('copied'),
          () => setState('failed'),
        );
      }}
    >
      <Icon name={state === 'copied' ? 'check' : state === 'failed' ? 'close' : 'copy'} size={14} />
    </IconButton>
  );
}

/** @throws if neither the clipboard API nor `execCommand` works */
export async function copyText(text: string): Promise<void> {
  if (navigator.clipboard !== undefined) {
    await navigator.clipboard.writeText(text);
    return;
  }
  // Plain http on any host but localhost is not a secure context, so there is no clipboard API.
  const area = document.createElement('textarea');
  area.value = text;
  document.body.append(area);
  area.select();
  const copied = document.execCommand('copy');
  area.remove();
  if (!copied) throw new Error('copying was refused');
}
