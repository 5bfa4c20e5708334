/** A session's phase as shape, word and colour: none of them is needed to tell. */
import type {ReactNode} from 'react';
import {classes} from '../../design/classes.ts';
import styles from './connections.module.css';
import {type PhaseShape, phaseWords} from './session-words.ts';

export function PhaseMark({phase}: {readonly phase: string}) {
  const {shape, word, sentence} = phaseWords(phase);
  return (
    <span className={classes(styles.mark, styles[shape])} data-phase={phase} title={sentence}>
      <PhaseIcon shape={shape} />
      {word}
    </span>
  );
}

/** In the colour of the text around it; decoration. */
export function PhaseIcon({shape}: {readonly shape: PhaseShape}) {
  return (
    <svg
      width="12"
      height="12"
      viewBox="0 0 12 12"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.75"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
    >
      {shapes[shape]}
    </svg>
  );
}

const shapes: Readonly<Record<PhaseShape, ReactNode>> = {
  opening: <circle cx="6" cy="6" r="4.6" strokeDasharray="0.1 3.5" />,
  streaming: <circle cx="6" cy="6" r="5" fill="currentColor" stroke="none" />,
  reading: (
    <>
      <circle cx="6" cy="6" r="4.6" strokeWidth="1.5" />
      <path d="M6 2.2a3.8 3.8 0 0 1 0 7.6Z" fill="currentColor" stroke="none" />
    </>
  ),
  blocked: <rect x="1" y="1" width="10" height="10" rx="2" fill="currentColor" stroke="none" />,
  closing: <path d="m2.75 2.75 6.5 6.5m0-6.5-6.5 6.5" />,
  closed: <circle cx="6" cy="6" r="4.6" strokeWidth="1.5" />,
  unknown: (
    <rect x="1.75" y="1.75" width="8.5" height="8.5" rx="1.5" strokeDasharray="2 2.25" strokeWidth="1.4" />
  ),
};
