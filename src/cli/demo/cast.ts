import type { Narrator } from './narrator.js';
import type { PatientClient } from './patience.js';

/** What the story is played with. */
export interface Cast {
  readonly client: PatientClient;
  readonly document: string;
  readonly say: Narrator;
  readonly signal: AbortSignal;
}
