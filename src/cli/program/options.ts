import { type Command, InvalidArgumentError, Option } from 'commander';
import { bytesOf, durationSeconds } from '../../domain/index.js';

/** How a run is named. */
export const RUN = 'as `signalbox runs` lists it';

/** How a node is named. */
export const NODE = 'as `signalbox nodes` lists it';

/** How a task is named. */
export const TASK = "its name (of a fan-out all items), or an item as 'train[2]'";

/** What `--by` says. */
export const BY = "who, for the record (the system's user where absent)";

/** A command that talks to the API. */
export const withApi = (command: Command): Command =>
  command
    .addOption(new Option('--api <url>', "the API's address").env('SIGNALBOX_API_URL'))
    .addOption(json());

/** Of every act: why, and who. */
export const withWho = (command: Command): Command =>
  withApi(command).option('--reason <text>', 'why, for the record').option('--by <name>', BY);

/** The option `--json`. */
export const json = (): Option => new Option('--json', 'one JSON document on standard output');

/** An option that may be given several times. */
export const collect = (value: string, before: string[] = []): string[] => [...before, value];

/** A whole number between two. */
export const wholeNumber =
  (least: number, most: number) =>
  (text: string): number => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < least || value > most || text.trim() === '')
      throw new InvalidArgumentError(`Give a whole number from ${least} to ${most}.`);
    return value;
  };

/** A number between two. */
export const number =
  (least: number, most: number) =>
  (text: string): number => {
    const value = Number(text);
    if (!(value >= least && value <= most) || text.trim() === '')
      throw new InvalidArgumentError(`Give a number from ${least} to ${most}.`);
    return value;
  };

/** How many devices a node has: `8x`. */
export const nodeSize = (text: string): number => {
  const size = Number(/^(\d+)x?$/.exec(text)?.[1]);
  if (!(size >= 1)) throw new InvalidArgumentError('Give the devices of a node, such as 8x.');
  return size;
};

/** How often simulated work is saved: always, never, or every so many seconds. */
export const checkpoints = (text: string): 'always' | 'none' | number =>
  text === 'always' || text === 'none' ? text : number(1, 1e9)(text);

/** A span of time, in seconds. */
export const period = (text: string): number => {
  const seconds = durationSeconds(text);
  if (!(seconds > 0)) throw new InvalidArgumentError('Give a period such as 12h or 30d.');
  return seconds;
};

/** Names between commas. */
export const list = (text: string): string[] =>
  text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');

/** A number between 0 and 1. */
export const share = (text: string): number => {
  const value = Number(text);
  if (!(value > 0 && value < 1)) throw new InvalidArgumentError('Give a number between 0 and 1.');
  return value;
};

/** An amount of memory, as it is written. */
export const byteSize = (text: string): string => {
  if (Number.isNaN(bytesOf(text))) throw new InvalidArgumentError('Give a size such as 512MiB or 8GiB.');
  return text;
};

/** A port of TCP; 0 for any. */
export const port = wholeNumber(0, 65_535);
