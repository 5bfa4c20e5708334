/** Marks that would lie on one another: side by side, above one another, or as one. Pure. */
import type {Scale} from './timeline-axis.ts';
import type {Mark} from './timeline-model.ts';

/** Marks drawn as one, at the place of the first. */
export interface PlacedMark {
  readonly x: number;
  /** 0 is the lowest. */
  readonly level: number;
  readonly marks: readonly [Mark, ...Mark[]];
}

export interface Placement {
  /** Of the whole axis, in pixels. */
  readonly width: number;
  /** Between the middles of two marks on one level, in pixels. */
  readonly spacing: number;
  /** How many may stand above one another. */
  readonly levels: number;
}

/** Places marks side by side, above one another where there is no room, and together where there is none at all. */
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
    // Repeats stand right beside what they repeat, or with it where it stands with others.
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
