import type { Offer } from '../../domain/index.js';
import { utc } from '../cycle/words.js';

/** An offer as a sentence: "by 13:55 UTC with priority high". The time is that by which 9 of 10 such runs have finished. */
export const offerSentence = ({ change, finishAtMs, words }: Offer, nowMs: number): string =>
  `by ${utc(change.kind === 'deadline' ? change.deadlineAtMs : finishAtMs.p90, nowMs)} ${words}`;
