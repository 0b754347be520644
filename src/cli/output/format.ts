const pad2 = (n: number): string => String(n).padStart(2, '0');

/** A duration for people: `0.4s`, `12s`, `3m 05s`, `2h 10m`, `3d 4h`. */
export const duration = (seconds: number): string => {
  if (seconds < 9.95) return `${Math.max(0, seconds).toFixed(1)}s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole}s`;
  if (whole < 3600) return `${Math.floor(whole / 60)}m ${pad2(whole % 60)}s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 24 * 60) return `${Math.floor(minutes / 60)}h ${pad2(minutes % 60)}m`;
  const hours = Math.floor(minutes / 60);
  return `${Math.floor(hours / 24)}d ${hours % 24}h`;
};

/** The same, or nothing where it is not known. */
export const durationOr = (seconds: number | null | undefined, otherwise = ''): string =>
  seconds === null || seconds === undefined ? otherwise : duration(seconds);

/** P50 and P90 of a duration in one cell: `40s–1m 10s`. */
export const durationRange = (p50Seconds: number, p90Seconds: number): string => {
  const [from, to] = [duration(p50Seconds), duration(p90Seconds)];
  return from === to ? from : `${from}–${to}`;
};

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** A moment in local time, with the date where it is not today: `14:20:05`, `Nov 22 09:00`. */
export const clock = (at: string | number, nowMs: number): string => {
  const [then, now] = [new Date(at), new Date(nowMs)];
  const time = `${pad2(then.getHours())}:${pad2(then.getMinutes())}`;
  if (then.toDateString() === now.toDateString()) return `${time}:${pad2(then.getSeconds())}`;
  const day = `${MONTHS[then.getMonth()]} ${then.getDate()}`;
  return then.getFullYear() === now.getFullYear() ? `${day} ${time}` : `${day} ${then.getFullYear()}`;
};

/** Two moments as one range, the date said once: `14:20:05–14:25:10`. */
export const clockRange = (from: string, to: string, nowMs: number): string => {
  const [first, last] = [clock(from, nowMs), clock(to, nowMs)];
  if (first === last) return first;
  const sameDay = new Date(from).toDateString() === new Date(to).toDateString();
  return `${first}–${sameDay ? (last.split(' ').at(-1) ?? last) : last}`;
};

/** How long ago a moment was: `just now`, `12s ago`, `3m ago`, `2h ago`, `5d ago`. */
export const ago = (at: string, nowMs: number): string => {
  const seconds = (nowMs - Date.parse(at)) / 1000;
  if (seconds < 1) return 'just now';
  if (seconds < 60) return `${Math.floor(seconds)}s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m ago`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)}h ago`;
  return `${Math.floor(seconds / 86_400)}d ago`;
};

/** An amount of memory in binary units: `512 MiB`, `7.5 GiB`. */
export const bytes = (amount: number): string => {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let [value, unit] = [amount, 0];
  while (value >= 1024 && unit < units.length - 1) [value, unit] = [value / 1024, unit + 1];
  return `${value >= 100 || Number.isInteger(value) ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
};

/** Micro-dollars as dollars and cents: `$1.25`, `$0.0042` below a cent, `<$0.0001` below that. */
export const money = (microUsd: number): string => {
  const usd = microUsd / 1e6;
  if (usd > 0 && usd < 0.0001) return '<$0.0001';
  return usd > 0 && usd < 0.01 ? `$${usd.toFixed(4)}` : `$${usd.toFixed(2)}`;
};

/** `1 task`, `3 tasks`, `1,204 tasks`. */
export const count = (n: number, noun: string): string =>
  `${n.toLocaleString('en')} ${noun}${n === 1 ? '' : 's'}`;
