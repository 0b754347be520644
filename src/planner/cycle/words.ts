/** A span of time for people: "0.4 s", "4 s", "12 min", "3 h". */
export const span = (milliseconds: number): string => {
  const seconds = milliseconds / 1_000;
  if (seconds < 0.95) return `${Math.max(0.1, seconds).toFixed(1)} s`;
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5_400) return `${Math.round(seconds / 60)} min`;
  if (seconds < 129_600) return `${Math.round(seconds / 3_600)} h`;
  return `${Math.round(seconds / 86_400)} days`;
};

/** A time for people wherever they are: "14:20 UTC"; with its day where that is not today's: "Mar 28, 14:20 UTC". */
export const utc = (atMs: number, nowMs: number): string => {
  const [day, time] = [new Date(atMs).toUTCString().slice(5, 11), new Date(atMs).toISOString().slice(11, 16)];
  const isToday = new Date(nowMs).toUTCString().slice(5, 16) === new Date(atMs).toUTCString().slice(5, 16);
  const [date, month] = day.split(' ');
  return isToday ? `${time} UTC` : `${month} ${Number(date)}, ${time} UTC`;
};

/** "1 device", "4 devices". */
export const count = (amount: number, noun: string): string => `${amount} ${noun}${amount === 1 ? '' : 's'}`;

/** "a", "a and b", "a, b and 3 more". */
export const listing = (items: readonly string[], shown = 2): string => {
  const head = items.slice(0, shown);
  const rest = items.length - head.length;
  if (rest > 0) return `${head.join(', ')} and ${rest} more`;
  return head.length > 1 ? `${head.slice(0, -1).join(', ')} and ${head.at(-1)}` : head.join('');
};

const GIB = 1024 ** 3;

/** An amount of one kind of resource: "2 devices", "1.5 GiB of memory". */
export const amountOf = (kind: 'devices' | 'cores' | 'memoryBytes' | 'slots', amount: number): string =>
  kind === 'memoryBytes'
    ? `${Math.round((amount / GIB) * 10) / 10} GiB of memory`
    : count(amount, kind.slice(0, -1));

/** Micro-dollars as an amount for people, never below zero: "0.10 USD". */
export const usd = (microUsd: number): string => `${(Math.max(0, microUsd) / 1e6).toFixed(2)} USD`;

/** `2026-03-28 21:00 UTC`. */
export const stamp = (atMs: number): string =>
  `${new Date(atMs).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
