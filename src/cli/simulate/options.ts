import type { ForecastMode, SimOptions, Window } from '../../simulator/index.js';
import type { ApiOptions } from '../address.js';
import { invalidOption } from '../invalid-option.js';

/** The options of `signalbox simulate`, as Commander reads them. */
export interface SimulateOptions extends ApiOptions {
  readonly jobs?: string;
  readonly dags?: string;
  readonly arrivals?: string;
  readonly history?: string;
  /** Seconds. */
  readonly last?: number;
  readonly devices?: number;
  /** Devices of a node. */
  readonly nodes?: number;
  readonly features?: readonly string[];
  readonly policy?: readonly string[];
  readonly forecast: ForecastMode;
  readonly preemption?: 'on' | 'off';
  readonly resumeCost: number;
  readonly checkpoints: SimOptions['checkpoints'];
  readonly failures?: number;
  readonly seed: number;
  /** Seconds. */
  readonly measureFrom?: number;
  readonly measureTo?: number;
  readonly svg?: string;
}

/** What is simulated: a trace of jobs, a scenario of workflows, or what was recorded of late. */
export type Source =
  | { readonly kind: 'jobs'; readonly file: string; readonly devices: number; readonly perNode: number }
  | {
      readonly kind: 'dags';
      readonly dags: string;
      readonly arrivals: string;
      readonly history?: string;
      readonly devices: number;
      readonly perNode: number;
    }
  | { readonly kind: 'last'; readonly seconds: number };

/** Which options go with which source, beside those that go with each. */
const BELONGS = {
  jobs: ['devices', 'nodes', 'features'],
  dags: ['arrivals', 'history', 'devices', 'nodes'],
  last: ['api'],
} as const;
const ALL = ['arrivals', 'history', 'devices', 'nodes', 'features'] as const;

/** The one source that the options name. Throws `invalid-option` where they name none, several, or what does not go together. */
export const sourceOf = (options: SimulateOptions): Source => {
  const kinds = (['jobs', 'dags', 'last'] as const).filter((kind) => options[kind] !== undefined);
  const [kind] = kinds;
  if (kind === undefined || kinds.length > 1)
    throw invalidOption('Give one of --jobs FILE, --dags FILE with --arrivals FILE, and --last PERIOD.');
  const stray = ALL.filter(
    (name) => options[name] !== undefined && !(BELONGS[kind] as readonly string[]).includes(name),
  );
  if (stray.length > 0) throw invalidOption(`--${stray.join(', --')} does not go with --${kind}.`);
  if (kind === 'last') return { kind, seconds: options.last ?? 0 };
  const { devices, nodes = devices, jobs = '', dags = '', arrivals, history } = options;
  if (devices === undefined || nodes === undefined)
    throw invalidOption(`Give --devices N: how many the pool of --${kind} has.`);
  if (kind === 'jobs') return { kind, file: jobs, devices, perNode: nodes };
  if (arrivals === undefined)
    throw invalidOption('Give --arrivals FILE: when which workflow of --dags arrives.');
  return { kind, dags, arrivals, ...(history === undefined ? {} : { history }), devices, perNode: nodes };
};

/** Which jobs count, from seconds since a time zero. Throws `invalid-option` where none could. */
export const windowOf = ({ measureFrom, measureTo }: SimulateOptions, zeroMs: number): Window => {
  if (measureFrom !== undefined && measureTo !== undefined && measureFrom >= measureTo)
    throw invalidOption(`--measure-from ${measureFrom} is not before --measure-to ${measureTo}.`);
  return {
    fromMs: measureFrom === undefined ? Number.NEGATIVE_INFINITY : zeroMs + measureFrom * 1000,
    toMs: measureTo === undefined ? Number.POSITIVE_INFINITY : zeroMs + measureTo * 1000,
  };
};

/** What the simulation assumes. */
export const assumptions = (options: SimulateOptions): SimOptions => ({
  forecast: options.forecast,
  preemption: options.preemption ?? null,
  resumeSeconds: options.resumeCost,
  checkpoints: options.checkpoints,
  failureProbability: options.failures ?? null,
  seed: options.seed,
});
