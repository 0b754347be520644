import { parseArgs } from 'node:util';

/** How much the harness does. */
export interface Options {
  readonly seed: number;
  /** Each round injects every kind of fault once. */
  readonly rounds: number;
  /** Goes on with further rounds until so many minutes have passed. */
  readonly minutes: number;
  /** Only these kinds, for looking into one. */
  readonly only: readonly string[];
  /** The summary as one line of JSON. */
  readonly json: boolean;
  /** Leaves the folder with all logs behind. */
  readonly keep: boolean;
}

const HELP = `Usage: npm run test:faults -- [options]

Runs pipelines on a whole system of real processes, injects faults, and checks what must stay true.

  --seed N       what is left to chance (default: 1)
  --rounds N     how often each kind of fault is injected (default: 3)
  --minutes N    go on with further rounds until N minutes have passed (default: 0)
  --only KINDS   only these kinds of fault, separated by commas
  --json         the summary as one line of JSON
  --keep         leave the folder with all logs
  --help         this text`;

/** Reads the command line. Throws with what is wrong, and ends the process for --help. */
export const readOptions = (args: readonly string[]): Options => {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seed: { type: 'string', default: '1' },
      rounds: { type: 'string', default: '3' },
      minutes: { type: 'string', default: '0' },
      only: { type: 'string' },
      json: { type: 'boolean', default: false },
      keep: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    process.exit(0);
  }
  return {
    seed: wholeNumber('--seed', values.seed),
    rounds: Math.max(1, wholeNumber('--rounds', values.rounds)),
    minutes: wholeNumber('--minutes', values.minutes),
    only: values.only?.split(',') ?? [],
    json: values.json,
    keep: values.keep,
  };
};

const wholeNumber = (option: string, text: string): number => {
  if (!/^\d{1,9}$/.test(text)) throw new Error(`${option} is "${text}"; it must be a whole number.`);
  return Number(text);
};
