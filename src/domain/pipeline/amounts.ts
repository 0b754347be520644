const SECONDS = { ms: 0.001, s: 1, m: 60, h: 3_600, d: 86_400 } as const;
const BYTES = {
  ...{ B: 1, KB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12 },
  ...{ KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 },
} as const;

/** `90s`, `1.5h`: what the schema lets through. */
export const DURATION = /^(\d{1,9}(?:\.\d{1,9})?)(ms|s|m|h|d)$/;
/** `512MiB`, `2GB`: what the schema lets through. */
export const BYTE_SIZE = /^(\d{1,15}(?:\.\d{1,9})?)(B|KB|MB|GB|TB|KiB|MiB|GiB|TiB)$/;

/** A duration of a document (`15m`, or a number of seconds) in seconds. NaN where it is none. */
export const durationSeconds = (duration: number | string): number => {
  if (typeof duration === 'number') return duration;
  const [, amount, unit] = DURATION.exec(duration) ?? [];
  return Number(amount) * SECONDS[unit as keyof typeof SECONDS];
};

/** A size of a document (`8GiB`, or a number of bytes) in whole bytes, rounded up. NaN where it is none. */
export const bytesOf = (size: number | string): number => {
  if (typeof size === 'number') return Number.isInteger(size) ? size : Number.NaN;
  const [, amount, unit] = BYTE_SIZE.exec(size) ?? [];
  return Math.ceil(Number(amount) * BYTES[unit as keyof typeof BYTES]);
};
