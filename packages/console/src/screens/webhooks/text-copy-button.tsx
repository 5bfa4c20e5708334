/** A copy button with a text, which confirms the copy. */
import {useEffect, useState} from 'react';
import {Button} from '../../design/button.tsx';
import {copyText} from '../../design/copy-button.tsx';
import {Icon} from '../../design/icon.tsx';

const SHOWN_MS = 1500;

export interface TextCopyButtonProps {
  /** Called on each press. */
  readonly text: () => string;
  readonly children: string;
}

export function TextCopyButton({text, children}: TextCopyButtonProps) {
  const [state, setState] = useState<'idle' | 'copied' | 'failed'>('idle');
  useEffect(() => {
    if (state === 'idle') return undefined;
    const timer = setTimeout(() => setState('idle'), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [state]);
  const words = {idle: children, copied: 'Copied', failed: 'The browser blocked copying'} as const;
  return (
    <Button
      small
      onPress={() => {
        copyText(text()).then(
          () => setState('copied'),
          () => setState('failed'),
        );
      }}
    >
      <Icon name={state === 'copied' ? 'check' : state === 'failed' ? 'close' : 'copy'} size={14} />
      <span aria-live="polite">{words[state]}</span>
    </Button>
  );
}
