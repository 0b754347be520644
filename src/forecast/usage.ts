import type { ForecastSubject, Observation } from '../domain/index.js';
import { BoundedMap } from './bounded-map.js';

/** What a task's attempts have used: 95th percentiles over the latest two hundred, null before the first. */
export interface Usage {
  readonly observations: number;
  readonly peakMemoryBytesP95: number | null;
  readonly peakMemoryBytesMax: number | null;
  readonly cpuSecondsP95: number | null;
}

/** Enough for a 95th percentile to rest on ten attempts. */
const WINDOW = 200;

interface Page {
  memory: number[];
  cpu: number[];
}

/** Memory and CPU time by task, for right-sizing. */
export class UsageBook {
  readonly #pages = new BoundedMap<Page>(5_000, () => ({ memory: [], cpu: [] }));

  /** Learns what an attempt used; what it did not report, or reported absurdly, is left out. */
  learn(observation: Observation): void {
    const { peakMemoryBytes, cpuSeconds } = observation;
    if (!isAmount(peakMemoryBytes) && !isAmount(cpuSeconds)) return;
    const page = this.#pages.touch(nameOf(observation));
    if (isAmount(peakMemoryBytes)) keepLatest(page.memory, peakMemoryBytes);
    if (isAmount(cpuSeconds)) keepLatest(page.cpu, cpuSeconds);
  }

  /** What this task's attempts have used. */
  of(subject: Pick<ForecastSubject, 'pipeline' | 'task' | 'pool'>): Usage {
    const { memory, cpu } = this.#pages.get(nameOf(subject)) ?? { memory: [], cpu: [] };
    return {
      observations: Math.max(memory.length, cpu.length),
      peakMemoryBytesP95: p95(memory),
      peakMemoryBytesMax: memory.length === 0 ? null : Math.max(...memory),
      cpuSecondsP95: p95(cpu),
    };
  }

  /** The state to compare. */
  toJSON(): unknown {
    return [...this.#pages.entries()];
  }
}

const isAmount = (value: number | null): value is number => value !== null && value >= 0 && value < 1e18;

function keepLatest(values: number[], value: number): void {
  values.push(value);
  if (values.length > WINDOW) values.shift();
}

/** The ceil(0.95 n)-th smallest: never below what 95% have used. */
function p95(values: readonly number[]): number | null {
  return values.toSorted((a, b) => a - b)[Math.ceil(values.length * 0.95) - 1] ?? null;
}

const nameOf = ({ pool, pipeline, task }: Pick<ForecastSubject, 'pipeline' | 'task' | 'pool'>): string =>
  JSON.stringify([pool, pipeline, task]);
