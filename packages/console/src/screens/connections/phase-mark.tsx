/** A session's phase as shape, word and color. */
import type {ReactNode} from 'react';
import {Shape, ShapeMark, type ShapeTone} from '../../design/shape-mark.tsx';
import {type PhaseShape, phaseLabels} from './session-labels.ts';

export interface PhaseMarkProps {
  readonly phase: string;
  /** No session has this phase, so the mark has no color. */
  readonly isIdle?: boolean;
  /** The word is shown next to it. */
  readonly shapeOnly?: boolean;
}

export function PhaseMark({phase, isIdle = false, shapeOnly = false}: PhaseMarkProps) {
  const {shape, word, sentence} = phaseLabels(phase);
  return (
    <ShapeMark
      data-phase={phase}
      title={sentence}
      tone={isIdle ? undefined : tones[shape]}
      shape={<Shape>{shapes[shape]}</Shape>}
      word={shapeOnly ? undefined : word}
    />
  );
}

const tones: Readonly<Record<PhaseShape, ShapeTone>> = {
  opening: 'quiet',
  streaming: 'good',
  reading: 'warning',
  blocked: 'bad',
  closing: 'quiet',
  closed: 'quiet',
  unknown: 'quiet',
};

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
