const STEPS = [1, 2, 5];
const SECOND = 1000;
const HOUR = 3_600 * SECOND;
const DAY = 24 * HOUR;

/** Round numbers from 0 up to the first that is not below the highest value: four to seven of them. */
export const ticksTo = (highest: number): readonly number[] => {
  const magnitude = 10 ** Math.floor(Math.log10(Math.max(highest, 1) / 4));
  const step = [...STEPS, 10].map((of) => of * magnitude).find((of) => highest / of <= 6) ?? 10 * magnitude;
  const whole = Math.max(1, step);
  return Array.from({ length: Math.max(2, Math.ceil(highest / whole) + 1) }, (_, i) => i * whole);
};

/** Steps of time that people count in. */
const SPANS = [
  ...[1, 5, 15, 60, 300, 900].map((seconds) => seconds * SECOND),
  ...[1, 3, 6, 12].map((hours) => hours * HOUR),
  ...[1, 2, 5, 10, 30, 100, 365, 1_000, 3_650].map((days) => days * DAY),
];

/** Moments in a span of time, as milliseconds since its beginning, with their names: at most eight. */
export const timeTicks = (spanMs: number): readonly { readonly atMs: number; readonly name: string }[] => {
  const step = SPANS.find((of) => spanMs / of <= 8) ?? spanMs / 8;
  const count = Math.floor(spanMs / step);
  return Array.from({ length: count + 1 }, (_, i) => ({ atMs: i * step, name: nameOf(i * step, step) }));
};

const nameOf = (atMs: number, step: number): string => {
  if (step >= DAY) return `day ${Math.round(atMs / DAY)}`;
  if (step >= HOUR) return `${Math.round(atMs / HOUR)} h`;
  return step >= 60 * SECOND ? `${Math.round(atMs / (60 * SECOND))} min` : `${Math.round(atMs / SECOND)} s`;
};
