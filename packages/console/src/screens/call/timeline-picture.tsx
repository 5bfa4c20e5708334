/** The timeline of a call: a lane for the call and each leg, bars for states, marks for events. */
import type {CallDetail} from '@hookswitch/protocol';
import {useEffect, useId, useMemo, useRef, useState} from 'react';
import {formatMs} from '../../design/time-labels.ts';
import {useGatewayNow} from '../../design/use-now.ts';
import styles from './call.module.css';
import {MarkTip} from './mark-tip.tsx';
import type {Place} from './mark-walk.ts';
import {TimelineDrawing} from './timeline-drawing.tsx';
import {layOut, sizes} from './timeline-layout.ts';
import {TimelineLegend} from './timeline-legend.tsx';
import {buildTimeline} from './timeline-model.ts';

export interface TimelinePictureProps {
  readonly detail: CallDetail;
  /**
   * When the shown state was last confirmed, by the gateway's clock; milliseconds. The timeline ends there.
   */
  readonly asOf: number | undefined;
  /** Index in `detail.events` of the event selected in the table. */
  readonly selected: number | undefined;
  readonly onSelect: (index: number) => void;
}

export function TimelinePicture({detail, asOf, selected, onSelect}: TimelinePictureProps) {
  const gatewayNow = useGatewayNow();
  const now = asOf ?? gatewayNow;
  const timeline = useMemo(() => buildTimeline(detail, now), [detail, now]);
  const box = useRef<HTMLDivElement>(null);
  const width = useWidth(box);
  const layout = useMemo(() => layOut(timeline, width), [timeline, width]);
  const note = useId();
  const [shown, setShown] = useState<Place>();
  const lane = shown === undefined ? undefined : layout.lanes[shown.lane];
  const tip = shown === undefined ? undefined : lane?.marks[shown.mark];
  return (
    <figure className={styles.picture}>
      {/* On narrow screens it scrolls; a focused mark scrolls into view. */}
      <div ref={box} className={styles.scroll}>
        <TimelineDrawing
          timeline={timeline}
          layout={layout}
          selected={selected}
          onSelect={onSelect}
          shown={shown}
          onShow={setShown}
          note={note}
        />
      </div>
      {/* Outside of the scrolling box, which would clip it. */}
      {tip !== undefined && lane !== undefined && (
        <MarkTip
          marks={tip.marks}
          timeline={timeline}
          x={tip.x - (box.current?.scrollLeft ?? 0)}
          y={lane.barY + sizes.barHeight}
          width={width}
        />
      )}
      <figcaption>
        <p id={note} className={styles.caption}>
          Marks show when the gateway received an event, to the millisecond. Bars show when it happened:
          Twilio reports whole seconds, so an edge is accurate to one second.
          {timeline.skewMs > 0 &&
            ` An event arrived ${formatMs(timeline.skewMs)} before its own timestamp, so the clocks differ.`}{' '}
          The table below lists the same events.
        </p>
        <TimelineLegend timeline={timeline} />
      </figcaption>
    </figure>
  );
}

/** The available width. The timeline is drawn again for each width, so that text keeps its size. */
function useWidth(box: React.RefObject<HTMLElement | null>): number {
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const element = box.current;
    if (element === null) return undefined;
    const observer = new ResizeObserver(([entry]) => setWidth(entry?.contentRect.width ?? 0));
    observer.observe(element);
    return () => observer.disconnect();
  }, [box]);
  return width;
}
