/** Places marks that would overlap: side by side, stacked, or as a group. Pure. */
import type {Scale} from './timeline-axis.ts';
import type {Mark} from './timeline-model.ts';

/** Marks drawn as one, at the position of the first. */
export interface PlacedMark {
  readonly x: number;
  /** 0 is the lowest level. */
  readonly level: number;
  readonly marks: readonly [Mark, ...Mark[]];
}

export interface Placement {
  /** Width of the whole axis, in pixels. */
  readonly width: number;
  /** Minimum distance between the centers of two marks on one level, in pixels. */
  readonly spacing: number;
  /** Maximum number of marks above one another. */
  readonly levels: number;
}

/** Places marks side by side. Without room, it stacks them; if the stack is full, it groups them. */
export function placeMarks(
  marks: readonly Mark[],
  {position}: Scale,
  {width, spacing, levels}: Placement,
): readonly PlacedMark[] {
  const placed: {x: number; level: number; marks: [Mark, ...Mark[]]}[] = [];
  const lastOn: (typeof placed)[number][] = [];
  for (const mark of marks) {
    const before = placed.at(-1);
    const [its] = before?.marks.slice(-1) ?? [];
    const x = position(mark.at) * width;
    // A repeat is placed next to its original, or in the same group.
    if (mark.repeats !== undefined && before !== undefined && its?.index === mark.index) {
      if (before.marks.length > 1) before.marks.push(mark);
      else {
        const beside: (typeof placed)[number] = {x: before.x + spacing, level: before.level, marks: [mark]};
        lastOn[before.level] = beside;
        placed.push(beside);
      }
      continue;
    }
    const isFree = (level: number) => {
      const last = lastOn[level];
      return last === undefined || x - last.x >= spacing;
    };
    const level = Array.from({length: levels}, (_, index) => index).find(isFree);
    const top = lastOn[levels - 1];
    if (level === undefined && top !== undefined) top.marks.push(mark);
    else {
      const group: (typeof placed)[number] = {x, level: level ?? 0, marks: [mark]};
      lastOn[group.level] = group;
      placed.push(group);
    }
  }
  return placed;
}
