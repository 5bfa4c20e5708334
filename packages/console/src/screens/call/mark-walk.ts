/** Moves between marks by arrow keys: along a lane, and to the closest mark of the next lane. Pure. */
import type {PlacedLane} from './timeline-layout.ts';

/** The position of a mark: its lane, and its index there. */
export interface Place {
  readonly lane: number;
  readonly mark: number;
}

/** The closest valid position; `undefined` if there are no marks. */
export function clampPlace({lane, mark}: Place, lanes: readonly PlacedLane[]): Place | undefined {
  const marks = lanes[lane]?.marks.length ?? 0;
  if (marks > 0) return {lane, mark: Math.min(Math.max(mark, 0), marks - 1)};
  const other = lanes.findIndex((each) => each.marks.length > 0);
  return other === -1 ? undefined : {lane: other, mark: 0};
}

/** The mark closest in time in the next lane that has marks. */
export function nearest(lanes: readonly PlacedLane[], place: Place, by: 1 | -1): Place {
  const x = lanes[place.lane]?.marks[place.mark]?.x ?? 0;
  for (let lane = place.lane + by; lane >= 0 && lane < lanes.length; lane += by) {
    const marks = lanes[lane]?.marks ?? [];
    if (marks.length === 0) continue;
    const distances = marks.map((mark) => Math.abs(mark.x - x));
    return {lane, mark: distances.indexOf(Math.min(...distances))};
  }
  return place;
}
