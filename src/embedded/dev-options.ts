/** A policy that a person asked for. */
export interface AskedPolicy {
  readonly file: string;
  readonly by: string;
}

/** What `signalbox dev` may be told. */
export interface DevOptions {
  /** The project's folder; everything lives under its `.signalbox/`. */
  readonly folder: string;
  readonly apiPort?: number;
  readonly temporalPort?: number;
  readonly uiPort?: number;
  /** Modules of functions that every pool worker offers (TypeScript or JavaScript). */
  readonly functions?: readonly string[];
  /** A policy document to activate, and by whom; where absent the one in force stays so, at first the default one. */
  readonly policy?: AskedPolicy;
  /** Hears what takes long and what died; stderr by default. */
  readonly progress?: (line: string) => void;
}

/** The ports where nothing else is said. */
export const DEV_PORTS = { api: 7700, temporal: 7233, ui: 8233 } as const;

/** A whole Signalbox on this machine. */
export interface Dev {
  readonly apiUrl: string;
  readonly temporalAddress: string;
  /** Null where the Temporal server is not ours (TEMPORAL_ADDRESS). */
  readonly temporalUiUrl: string | null;
  readonly logFolder: string;
  /** What a user should know, a sentence each: that the gpu node's devices are virtual. */
  readonly notes: readonly string[];
  /** Stops everything, children included, within 10 s; unfinished runs go on at the next start. Exiting without it ends them at once. */
  stop(): Promise<void>;
}
