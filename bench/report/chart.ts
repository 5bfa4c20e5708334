/**
 * Renders a chart as a self-contained SVG for light and dark backgrounds. It uses no library, no script, and only the
 * reader's fonts.
 */
import {number} from './section.ts';

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Series {
  readonly name: string;
  readonly points: readonly Point[];
}

export interface Chart {
  /** Part of the file name `docs/images/bench-<name>.svg`. */
  readonly name: string;
  readonly title: string;
  /** Axis labels with units. */
  readonly x: string;
  readonly y: string;
  /** At most four series, with points from left to right. */
  readonly series: readonly Series[];
  /** The horizontal scale; the vertical one is linear from 0. */
  readonly scale: 'linear' | 'logarithmic';
}

const WIDTH = 720;
const HEIGHT = 360;
const PLOT = {left: 76, right: 24, top: 52, bottom: 56};
const TICKS = 5;

const STYLE = `
    svg { color-scheme: light dark; font: 13px system-ui, sans-serif; }
    .ground { fill: #ffffff; } text { fill: #24292f; } .axis { stroke: #57606a; } .grid { stroke: #d0d7de; }
    .line { fill: none; stroke-width: 2; }
    .s0 { stroke: #0550ae; fill: #0550ae; } .s1 { stroke: #bc4c00; fill: #bc4c00; }
    .s2 { stroke: #1a7f37; fill: #1a7f37; } .s3 { stroke: #8250df; fill: #8250df; }
    text.s0, text.s1, text.s2, text.s3 { stroke: none; } .line { fill: none !important; }
    .title { font-size: 15px; font-weight: 600; }
    @media (prefers-color-scheme: dark) {
      .ground { fill: #0d1117; } text { fill: #e6edf3; } .axis { stroke: #8b949e; } .grid { stroke: #30363d; }
      .s0 { stroke: #79c0ff; fill: #79c0ff; } .s1 { stroke: #ffa657; fill: #ffa657; }
      .s2 { stroke: #7ee787; fill: #7ee787; } .s3 { stroke: #d2a8ff; fill: #d2a8ff; }
    }`;

export function chartSvg(chart: Chart): string {
  const points = chart.series.flatMap((series) => series.points);
  const scales = scalesOf(chart, points);
  const parts = [
    `<rect class="ground" width="${WIDTH}" height="${HEIGHT}"/>`,
    `<text class="title" x="${PLOT.left}" y="22">${escapeXml(chart.title)}</text>`,
    ...scales.yTicks.map((tick) => horizontal(tick, scales.y(tick))),
    ...scales.xTicks.map((tick) => vertical(tick, scales.x(tick))),
    line('axis', PLOT.left, bottom(), WIDTH - PLOT.right, bottom()),
    line('axis', PLOT.left, PLOT.top, PLOT.left, bottom()),
    `<text x="${(PLOT.left + WIDTH - PLOT.right) / 2}" y="${HEIGHT - 12}" text-anchor="middle">${escapeXml(chart.x)}</text>`,
    `<text transform="translate(18 ${(PLOT.top + bottom()) / 2}) rotate(-90)" text-anchor="middle">${escapeXml(chart.y)}</text>`,
    ...chart.series.flatMap((series, index) => drawSeries(series, index, scales)),
  ];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escapeXml(describe(chart))}">
  <style>${STYLE}
  </style>
  ${parts.join('\n  ')}
</svg>
`;
}

/** Text alternative: the title, and the first and last value of each series. */
export function describe({title, x, y, series}: Chart): string {
  const ends = series.map(({name, points}) => {
    const [first, last] = [points[0], points.at(-1)];
    if (first === undefined || last === undefined) return `${name}: nothing measured`;
    return `${name}: ${number(first.y)} at ${tickText(first.x)}, ${number(last.y)} at ${tickText(last.x)}`;
  });
  return `${title}. ${y} over ${x}. ${ends.join('; ')}.`;
}

interface Scales {
  readonly x: (value: number) => number;
  readonly y: (value: number) => number;
  readonly xTicks: readonly number[];
  readonly yTicks: readonly number[];
}

function scalesOf({scale}: Chart, points: readonly Point[]): Scales {
  const xs = points.map(({x}) => x);
  const transform = scale === 'logarithmic' ? (value: number) => Math.log(Math.max(value, 1)) : Number;
  const [low, high] = [transform(Math.min(...xs)), transform(Math.max(...xs))];
  const yTicks = niceTicks(Math.max(...points.map(({y}) => y)));
  const top = yTicks.at(-1) ?? 1;
  return {
    x: (value) =>
      PLOT.left + ((transform(value) - low) / (high - low || 1)) * (WIDTH - PLOT.left - PLOT.right),
    y: (value) => bottom() - (value / top) * (bottom() - PLOT.top),
    xTicks: [...new Set(xs)].sort((a, b) => a - b),
    yTicks,
  };
}

/** Round values from 0 to at least `highest`. */
export function niceTicks(highest: number): number[] {
  if (!(highest > 0)) return [0, 1];
  const rough = highest / (TICKS - 1);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 2.5, 5, 10].find((factor) => factor * power >= rough) ?? 10) * power;
  const count = Math.ceil(highest / step - 1e-9);
  return Array.from({length: count + 1}, (_, index) => Number((index * step).toPrecision(12)));
}

function drawSeries({name, points}: Series, index: number, {x, y}: Scales): string[] {
  const path = points.map((point, at) => `${at === 0 ? 'M' : 'L'}${px(x(point.x))} ${px(y(point.y))}`);
  const legend = PLOT.left + index * 160;
  return [
    `<path class="line s${index}" d="${path.join(' ')}"/>`,
    ...points.map(
      (point) => `<circle class="s${index}" cx="${px(x(point.x))}" cy="${px(y(point.y))}" r="3"/>`,
    ),
    `<text class="s${index}" x="${legend}" y="42">● ${escapeXml(name)}</text>`,
  ];
}

function horizontal(tick: number, at: number): string {
  return `${line('grid', PLOT.left, at, WIDTH - PLOT.right, at)}<text x="${PLOT.left - 8}" y="${px(at + 4)}" text-anchor="end">${tickText(tick)}</text>`;
}

function vertical(tick: number, at: number): string {
  return `${line('axis', at, bottom(), at, bottom() + 5)}<text x="${px(at)}" y="${bottom() + 20}" text-anchor="middle">${tickText(tick)}</text>`;
}

function line(name: string, x1: number, y1: number, x2: number, y2: number): string {
  return `<line class="${name}" x1="${px(x1)}" y1="${px(y1)}" x2="${px(x2)}" y2="${px(y2)}"/>`;
}

function bottom(): number {
  return HEIGHT - PLOT.bottom;
}

function px(value: number): string {
  return String(Math.round(value * 10) / 10);
}

function tickText(value: number): string {
  if (value >= 1e6) return `${Number((value / 1e6).toPrecision(3))} M`;
  return value.toLocaleString('en-US', {maximumSignificantDigits: 4});
}

function escapeXml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
