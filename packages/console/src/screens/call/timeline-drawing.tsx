/** The drawing, and keyboard navigation between its marks: one tab stop, then arrow keys. */
import {type KeyboardEvent, type RefObject, useRef, useState} from 'react';
import styles from './call.module.css';
import {LaneBars, LaneName} from './lane-shape.tsx';
import {MarkButton, MarkCount} from './mark-button.tsx';
import {clampPlace, nearest, type Place} from './mark-walk.ts';
import {TimelineAxis} from './timeline-axis-shape.tsx';
import type {Layout, PlacedLane} from './timeline-layout.ts';
import {markKey, type Timeline} from './timeline-model.ts';
import {TimelineTextures} from './timeline-textures.tsx';

export interface TimelineDrawingProps {
  /** Index in `detail.events` of the event selected in the table. */
  readonly selected: number | undefined;
  readonly onSelect: (index: number) => void;
  readonly timeline: Timeline;
  readonly layout: Layout;
  readonly note: string;
  /** The mark whose tip is shown. */
  readonly shown: Place | undefined;
  readonly onShow: (place: Place | undefined) => void;
}

export function TimelineDrawing({
  timeline,
  layout,
  selected,
  onSelect,
  note,
  shown,
  onShow,
}: TimelineDrawingProps) {
  const svg = useRef<SVGSVGElement>(null);
  const {lanes} = layout;
  const select = ({lane, mark}: Place) => {
    const [first] = lanes[lane]?.marks[mark]?.marks ?? [];
    if (first !== undefined) onSelect(first.index);
  };
  const {stop, setActive, onKeyDown} = useMarkKeys({svg, lanes, shown, onShow, onSelect: select});
  return (
    <div className={styles.canvas} style={{width: layout.width, height: layout.height}}>
      {/* biome-ignore lint/a11y/useSemanticElements: a fieldset draws nothing. */}
      <svg
        ref={svg}
        width={layout.width}
        height={layout.height}
        role="group"
        aria-label="Timeline"
        aria-describedby={note}
        className={styles.drawing}
      >
        <TimelineTextures />
        <TimelineAxis layout={layout} timeline={timeline} />
        {lanes.map((lane, laneIndex) => (
          <g key={lane.lane.call.callSid}>
            <LaneName lane={lane} number={laneIndex} isShort={layout.isNarrow} />
            <LaneBars lane={lane} />
            {lane.marks.map((placed, index) => {
              const place = {lane: laneIndex, mark: index};
              return (
                <MarkButton
                  key={markKey(placed.marks[0])}
                  placed={placed}
                  lane={lane}
                  layout={layout}
                  begin={timeline.from}
                  place={place}
                  isStop={stop?.lane === laneIndex && stop.mark === index}
                  isSelected={placed.marks.some((mark) => mark.index === selected)}
                  onShow={onShow}
                  onFocus={() => setActive(place)}
                  onSelect={() => select(place)}
                  onKeyDown={(event) => onKeyDown(event, place)}
                />
              );
            })}
            {/* Outside the marks, because the marks' names already include the counts. */}
            {lane.marks.map((placed) => (
              <MarkCount key={markKey(placed.marks[0])} placed={placed} />
            ))}
          </g>
        ))}
      </svg>
    </div>
  );
}

interface MarkKeysOptions extends Pick<TimelineDrawingProps, 'shown' | 'onShow'> {
  readonly svg: RefObject<SVGSVGElement | null>;
  readonly lanes: readonly PlacedLane[];
  readonly onSelect: (place: Place) => void;
}

/** The tab stop among the marks, and the keys that move it. */
function useMarkKeys({svg, lanes, shown, onShow, onSelect}: MarkKeysOptions) {
  const [active, setActive] = useState<Place>({lane: 0, mark: 0});
  const go = (place: Place) => {
    const next = clampPlace(place, lanes);
    if (next === undefined) return;
    setActive(next);
    svg.current?.querySelector<SVGElement>(`[data-place="${next.lane}.${next.mark}"]`)?.focus();
  };
  const onKeyDown = (event: KeyboardEvent, place: Place) => {
    const marks = lanes[place.lane]?.marks ?? [];
    const moves: Readonly<Record<string, () => void>> = {
      ArrowRight: () => go({...place, mark: place.mark + 1}),
      ArrowLeft: () => go({...place, mark: place.mark - 1}),
      ArrowDown: () => go(nearest(lanes, place, 1)),
      ArrowUp: () => go(nearest(lanes, place, -1)),
      Home: () => go({...place, mark: 0}),
      End: () => go({...place, mark: marks.length - 1}),
      Enter: () => onSelect(place),
      ' ': () => onSelect(place),
    };
    const move = moves[event.key];
    if (event.key === 'Escape' && shown !== undefined) {
      // Escape hides the tip instead of leaving the page.
      onShow(undefined);
      event.stopPropagation();
      event.nativeEvent.stopImmediatePropagation();
    }
    if (move === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    move();
  };
  return {stop: clampPlace(active, lanes), setActive, onKeyDown};
}
