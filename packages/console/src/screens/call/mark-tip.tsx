/** What a mark says when it is pointed at or has the focus. */

import {verdictReason, verdictWords} from '../../calls/call-words.ts';
import styles from './call.module.css';
import {eventWord, kindWords, lagText} from './event-words.ts';
import {preciseOffset} from './offset-words.ts';
import type {Mark, Timeline} from './timeline-model.ts';

const TIP_WIDTH = 264;

export interface MarkTipProps {
  readonly marks: readonly [Mark, ...Mark[]];
  readonly timeline: Timeline;
  readonly x: number;
  readonly y: number;
  readonly width: number;
}

/** Says what the mark's name says to those who listen, so that it is read out once. */
export function MarkTip({marks, timeline, x, y, width}: MarkTipProps) {
  const left = Math.max(Math.min(x - TIP_WIDTH / 2, width - TIP_WIDTH), 0);
  return (
    <div className={styles.tip} style={{left, top: y, width: TIP_WIDTH}} aria-hidden="true" data-tip="">
      {marks.slice(0, 4).map(({index, event, kind, at}) => (
        <div key={index}>
          <strong>{eventWord(event)}</strong>
          <span>
            {' '}
            {kindWords[kind]}, {preciseOffset(at - timeline.from)}
            {event.kind === 'status' && event.sequence !== undefined && `, sequence ${event.sequence}`}
            {event.kind === 'status' && `, lag ${lagText(event)}`}
          </span>
          <p>
            <em>{verdictWords[event.verdict]}.</em> {verdictReason(event)}
          </p>
        </div>
      ))}
      {marks.length > 4 && <p>and {marks.length - 4} more at the same place</p>}
    </div>
  );
}
