/** The outcome of a webhook as shape, word and color. */
import type {WebhookRecord} from '@hookswitch/protocol';
import type {ReactNode} from 'react';
import {Shape, ShapeMark, type ShapeTone} from '../../design/shape-mark.tsx';
import {outcomeLabels} from './webhook-labels.ts';

type Outcome = WebhookRecord['outcome'];

export interface OutcomeMarkProps {
  readonly outcome: Outcome;
  /** The word is shown next to it. */
  readonly shapeOnly?: boolean;
}

export function OutcomeMark({outcome, shapeOnly = false}: OutcomeMarkProps) {
  return (
    <ShapeMark
      data-outcome={outcome}
      tone={tones[outcome]}
      shape={<Shape>{shapes[outcome]}</Shape>}
      word={shapeOnly ? undefined : outcomeLabels[outcome]}
    />
  );
}

const tones: Readonly<Record<Outcome, ShapeTone>> = {accepted: 'good', refused: 'bad', failed: 'warning'};

const shapes: Readonly<Record<Outcome, ReactNode>> = {
  accepted: <path d="m1.75 6.5 2.75 2.75 5.75-6.5" />,
  refused: (
    <>
      <circle cx="6" cy="6" r="4.75" strokeWidth="1.5" />
      <path d="m2.9 2.9 6.2 6.2" strokeWidth="1.5" />
    </>
  ),
  failed: <path d="M6 1.25v5.5M6 10.5v.1" strokeWidth="2" />,
};
