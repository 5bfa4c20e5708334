/** What a mark says when it is pointed at or has the focus. */

import styles from './call.module.css';
import {eventWord, kindLabels, lagText, markReason, markVerdict} from './event-labels.ts';
import {preciseOffset} from './offset-labels.ts';
import {type Mark, markKey, type Timeline} from './timeline-model.ts';

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
      {marks.slice(0, 4).map((mark) => (
        <div key={markKey(mark)}>
          <strong>{eventWord(mark.event)}</strong>
          <span>
            {' '}
            {kindLabels[mark.kind]}, {preciseOffset(mark.at - timeline.from)}
            <Details mark={mark} />
          </span>
          <p>
            <em>{markVerdict(mark)}.</em> {markReason(mark)}
          </p>
        </div>
      ))}
      {marks.length > 4 && <p>and {marks.length - 4} more at the same place</p>}
    </div>
  );
}

/** Of the first that came: of its repeats nobody knows. */
function Details({mark: {event, repeats}}: {readonly mark: Mark}) {
  if (event.kind !== 'status' || repeats !== undefined) return null;
  return `${event.sequence === undefined ? '' : `, sequence ${event.sequence}`}, lag ${lagText(event)}`;
}
