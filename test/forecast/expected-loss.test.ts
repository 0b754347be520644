import { describe, expect, it } from 'vitest';
import { createForecaster } from '../../src/forecast/index.js';

const prior = () => ({ p50Seconds: 100, p90Seconds: 400 });
const attempt = (task: string, index: number, fails: boolean) => ({
  pipeline: 'nightly',
  task,
  pool: 'gpu',
  tenant: 'research',
  features: {},
  outcome: fails ? ('failed' as const) : ('succeeded' as const),
  runtimeSeconds: 100,
  peakMemoryBytes: null,
  cpuSeconds: null,
  endedAtMs: index * 200_000,
});

describe('Expected loss', () => {
  it('is what a task that often fails is likely to waste, and is only told where the policy counts it', () => {
    const counted = createForecaster({ prior, expectedLoss: true });
    const plain = createForecaster({ prior });
    for (let index = 1; index <= 200; index += 1)
      for (const forecaster of [counted, plain]) {
        forecaster.observe(attempt('sound', index, false));
        forecaster.observe(attempt('shaky', index, Math.sin(index * index) > 0));
      }
    const lossOf = (task: string) =>
      counted.predict({ ...attempt(task, 0, false) }).expectedLossSeconds ?? Number.NaN;
    expect(lossOf('shaky')).toBeGreaterThan(20);
    expect(lossOf('sound')).toBeLessThan(10);
    expect(plain.predict(attempt('shaky', 0, false)).expectedLossSeconds).toBeUndefined();
  });
});
