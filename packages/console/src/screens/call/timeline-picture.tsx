/** The call as a picture: a lane for the call and each of its legs, bars for its states, marks for what was said of it. */
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
  /** The gateway's clock when what is shown was last known to be so; milliseconds. The picture then ends there. */
  readonly asOf: number | undefined;
  /** Place in `detail.events` of what is selected in the table. */
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
      {/* Narrow, it scrolls by itself; what takes the focus in it brings itself into view. */}
      <div ref={box} className={styles.scroll}>
        <TimelineDrawing {...{timeline, layout, selected, onSelect, shown}} onShow={setShown} note={note} />
      </div>
      {/* PublicEndpointProbe of what scrolls, which would cut it off. */}
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
          Marks stand where the gateway heard of something, to the millisecond. Bars show what happened:
          Twilio names whole seconds, so that an edge is right to within one.
          {timeline.skewMs > 0 &&
            ` Something arrived ${formatMs(timeline.skewMs)} before its own timestamp: the clocks differ.`}{' '}
          The table below says the same in words.
        </p>
        <TimelineLegend timeline={timeline} />
      </figcaption>
    </figure>
  );
}

/** Pixels there are; the picture is drawn anew for them, so that text keeps its size. */
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
