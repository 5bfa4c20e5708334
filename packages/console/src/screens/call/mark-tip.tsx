/** The tip of a mark that is hovered or focused. */

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

/** Hidden from screen readers, because the mark's name has the same text. */
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

/** Details of the original event. Nothing is known about its repeats. */
function Details({mark: {event, repeats}}: {readonly mark: Mark}) {
  if (event.kind !== 'status' || repeats !== undefined) return null;
  return `${event.sequence === undefined ? '' : `, sequence ${event.sequence}`}, lag ${lagText(event)}`;
}
