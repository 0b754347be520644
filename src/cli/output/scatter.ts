/** One forecast (P50 and P90) beside what came, in seconds. */
export interface ForecastPoint {
  readonly p50: number;
  readonly p90: number;
  readonly actual: number;
}

const WIDTH = 56;
const HEIGHT = 18;

/** Both axes share one logarithmic scale, so that the diagonal is "as forecast". */
interface Scale {
  /** 0 to 1. */
  at(seconds: number): number;
  readonly from: number;
  readonly to: number;
}

const scaleOf = (points: readonly ForecastPoint[]): Scale => {
  const all = points.flatMap(({ p50, actual }) => [p50, actual]).map(positive);
  const from = Math.min(...all) / 1.2;
  const to = Math.max(...all) * 1.2;
  const span = Math.log(to / from);
  return { from, to, at: (seconds) => Math.log(positive(seconds) / from) / span };
};

const positive = (seconds: number): number => Math.max(seconds, 1e-3);

/** Forecast across, actual upwards, as lines of text: `·` as forecast, `o` up to P90, `x` beyond, a digit for several. */
export const scatterText = (
  points: readonly ForecastPoint[],
  name: (seconds: number) => string,
): string[] => {
  const scale = scaleOf(points);
  const cells = Array.from({ length: HEIGHT }, () => new Array<string>(WIDTH).fill(' '));
  for (let x = 0; x < WIDTH; x += 1) put(cells, x / (WIDTH - 1), x / (WIDTH - 1), () => '·');
  for (const point of points) {
    const mark = point.actual <= point.p90 ? 'o' : 'x';
    put(cells, scale.at(point.p50), scale.at(point.actual), (was) =>
      was === ' ' || was === '·' ? mark : more(was),
    );
  }
  const [high, low] = [name(scale.to), name(scale.from)];
  const margin = Math.max(high.length, low.length);
  const label = (row: number) => (row === 0 ? high : row === HEIGHT - 1 ? low : '').padStart(margin);
  return [
    'actual',
    ...cells.map((row, i) => `${label(i)} │${row.join('').trimEnd()}`),
    `${' '.repeat(margin)} └${'─'.repeat(WIDTH)}`,
    `${' '.repeat(margin + 2)}${low}${`forecast ${high}`.padStart(WIDTH - low.length)}`,
  ];
};

const put = (cells: string[][], x: number, y: number, mark: (was: string) => string): void => {
  const row = cells[HEIGHT - 1 - Math.round(y * (HEIGHT - 1))];
  const column = Math.round(x * (WIDTH - 1));
  if (row !== undefined) row[column] = mark(row[column] ?? ' ');
};

/** The second point in a cell makes it 2, the ninth and all after it 9. */
const more = (was: string): string => (/\d/.test(was) ? `${Math.min(9, Number(was) + 1)}` : '2');

const SIZE = 480;
const EDGE = 56;

/** The same as a picture. */
export const scatterSvg = (
  points: readonly ForecastPoint[],
  title: string,
  name: (seconds: number) => string,
): string => {
  const scale = scaleOf(points);
  const place = (share: number) => Number((EDGE + share * (SIZE - 2 * EDGE)).toFixed(1));
  const dots = points.map(({ p50, p90, actual }) => {
    const colour = actual <= p90 ? '#2b6cb0' : '#c53030';
    const [x, y] = [place(scale.at(p50)), place(1 - scale.at(actual))];
    return `<circle cx="${x}" cy="${y}" r="3" fill="${colour}" fill-opacity="0.6"/>`;
  });
  const [low, high] = [place(0), place(1)];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${SIZE} ${SIZE}" font-family="sans-serif" font-size="12">`,
    '<rect width="100%" height="100%" fill="white"/>',
    `<text x="${SIZE / 2}" y="24" text-anchor="middle" font-size="15">${escaped(title)}</text>`,
    `<path d="M${low} ${low}V${high}H${high}" fill="none" stroke="#4a5568"/>`,
    `<path d="M${low} ${high}L${high} ${low}" stroke="#a0aec0" stroke-dasharray="4 4"/>`,
    ...dots,
    `<text x="${low}" y="${high + 18}">${escaped(name(scale.from))}</text>`,
    `<text x="${high}" y="${high + 18}" text-anchor="end">forecast ${escaped(name(scale.to))}</text>`,
    `<text x="${low - 6}" y="${low + 4}" text-anchor="end">${escaped(name(scale.to))}</text>`,
    `<text x="${low}" y="${low - 10}">actual (red: beyond P90)</text>`,
    '</svg>',
    '',
  ].join('\n');
};

const escaped = (text: string): string =>
  text.replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[c] ?? '&quot;');
