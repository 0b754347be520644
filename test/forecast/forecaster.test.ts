import { describe, expect, it } from 'vitest';
import { aForecaster, anObservation, observations, PRIOR, taught } from './support.js';

describe('with little history', () => {
  it('gives the prior of the pool when it knows nothing', () => {
    expect(aForecaster().predict(anObservation())).toEqual({
      ...PRIOR,
      observations: 0,
      model: 'prior',
      version: '4.0',
    });
  });

  it('takes the estimate of the user before the prior, as uncertain as the prior is', () => {
    const forecast = aForecaster().predict({ ...anObservation(), estimateSeconds: 20 });
    expect(forecast).toMatchObject({ p50Seconds: 20, p90Seconds: 100, observations: 0, model: 'estimate' });
  });

  it('takes the history of the task before the estimate', () => {
    const forecast = taught(observations(5, () => 10)).predict({ ...anObservation(), estimateSeconds: 500 });
    expect(forecast.p50Seconds).toBeCloseTo(10, 1);
    expect(forecast.observations).toBe(5);
  });

  it('takes the estimate before the history of other tasks, and that before the prior', () => {
    const forecaster = taught(observations(20, () => 10));
    const other = { ...anObservation(), task: 'evaluate' };
    expect(forecaster.predict({ ...other, estimateSeconds: 500 }).model).toBe('estimate');
    expect(forecaster.predict(other).p50Seconds).toBeLessThan(30);
  });

  it('is no surer of a task it has never seen than the prior is, however alike the other work was', () => {
    const forecaster = taught(observations(40, () => 0.05));
    const { p50Seconds, p90Seconds } = forecaster.predict({ ...anObservation(), task: 'evaluate' });
    expect(p50Seconds).toBeLessThan(PRIOR.p50Seconds);
    expect(p90Seconds).toBeGreaterThanOrEqual(PRIOR.p90Seconds);
  });

  it('does not hold against a task how wrong other work was about it', () => {
    const forecaster = taught([
      anObservation({ task: 'hello', runtimeSeconds: 0.1, endedAtMs: 1_000 }),
      ...[1, 2, 3].map((hour) => anObservation({ runtimeSeconds: 60, endedAtMs: hour * 3_600_000 })),
    ]);
    const { p50Seconds, p90Seconds } = forecaster.predict(anObservation());
    expect(p50Seconds).toBeCloseTo(60, 0);
    expect(p90Seconds).toBeLessThanOrEqual((60 * PRIOR.p90Seconds) / PRIOR.p50Seconds + 1);
  });

  it.each([0, -5, Number.NaN, Number.POSITIVE_INFINITY])('believes no estimate of %s seconds', (estimate) => {
    expect(aForecaster().predict({ ...anObservation(), estimateSeconds: estimate }).model).toBe('prior');
  });
});

describe('with history', () => {
  it('learns that runtime grows with the input, also between sizes it has seen', () => {
    const size = (chance: number) => 10 ** (6 + 3 * chance);
    const seen = observations(
      600,
      () => 0,
      (_, chance) => ({ features: { inputBytes: size(chance) }, runtimeSeconds: size(chance) / 1e6 }),
    );
    const forecaster = taught(seen);
    for (const inputBytes of [3e6, 3e7, 3e8]) {
      const { p50Seconds } = forecaster.predict(anObservation({ features: { inputBytes } }));
      expect(p50Seconds / (inputBytes / 1e6)).toBeGreaterThan(0.6);
      expect(p50Seconds / (inputBytes / 1e6)).toBeLessThan(1.6);
    }
  });

  it('tells apart categories it has seen', () => {
    const seen = observations(
      400,
      () => 0,
      (_, chance) => ({
        features: { model: chance < 0.5 ? 'small' : 'large' },
        runtimeSeconds: chance < 0.5 ? 10 : 200,
      }),
    );
    const forecaster = taught(seen);
    const p50 = (model: string) => forecaster.predict(anObservation({ features: { model } })).p50Seconds;
    expect(p50('small')).toBeCloseTo(10, -1);
    expect(p50('large')).toBeGreaterThan(150);
  });

  it('is as unsure of inputs never seen as it has been wrong about such, and sure of those it knows', () => {
    const seconds = (kind: number) => 10 ** (1 + ((kind * 7) % 11) / 3);
    const seen = observations(
      1500,
      () => 0,
      (i) => {
        const kind = Math.floor(i / 15);
        return { features: { kind: `kind ${kind}` }, runtimeSeconds: seconds(kind) * (1 + (i % 5) / 50) };
      },
    );
    const forecaster = taught(seen);
    const ratio = (kind: string) => {
      const { quantileSeconds } = forecaster.outlook(anObservation({ features: { kind } }));
      return quantileSeconds(0.99) / quantileSeconds(0.5);
    };
    expect(ratio('kind 95')).toBeLessThan(2);
    expect(ratio('kind 1000')).toBeGreaterThan(5);
  });

  it('covers 90% of what comes with its 90% interval', () => {
    const all = observations(1600, (_, chance) => 60 * Math.exp(Math.sqrt(-2 * Math.log(1 - chance)) - 1.25));
    const forecaster = taught(all.slice(0, 600));
    let covered = 0;
    for (const observation of all.slice(600)) {
      const { quantileSeconds } = forecaster.outlook(observation);
      const { runtimeSeconds } = observation;
      if (runtimeSeconds >= quantileSeconds(0.05) && runtimeSeconds <= quantileSeconds(0.95)) covered += 1;
      forecaster.observe(observation);
    }
    expect(covered / 1000).toBeGreaterThan(0.87);
    expect(covered / 1000).toBeLessThan(0.93);
  });
});

describe('a shift', () => {
  const steady = observations(200, (_, chance) => 10 + chance);
  const shifted = observations(40, (_, chance) => 100 + 10 * chance).map((observation, i) => ({
    ...observation,
    endedAtMs: (201 + i) * 3_600_000,
  }));

  it('shows within tens of observations: told, widened, and followed', () => {
    const forecaster = taught(steady);
    const before = forecaster.outlook(anObservation());
    expect(before.drifting).toBe(false);
    for (const observation of shifted.slice(0, 15)) forecaster.observe(observation);
    const during = forecaster.outlook(anObservation());
    expect(during.drifting).toBe(true);
    expect(during.forecast.model).toContain('shifted');
    const width = (o: typeof before) => o.quantileSeconds(0.95) / o.quantileSeconds(0.05);
    expect(width(during)).toBeGreaterThan(2 * width(before));
    for (const observation of shifted.slice(15)) forecaster.observe(observation);
    expect(forecaster.predict(anObservation()).p50Seconds).toBeGreaterThan(70);
  });
});

describe('work cut short', () => {
  it.each(['preempted', 'cancelled', 'lost'] as const)('%s counts as "at least so long"', (outcome) => {
    const history = observations(50, (_, chance) => 10 + chance);
    const cut = observations(
      20,
      () => 100,
      () => ({ outcome }),
    ).map((observation, i) => ({
      ...observation,
      endedAtMs: (51 + i) * 3_600_000,
    }));
    const without = taught(history).predict(anObservation());
    const forecaster = taught([...history, ...cut]);
    expect(forecaster.predict(anObservation()).p50Seconds).toBeGreaterThan(5 * without.p50Seconds);
  });

  it('says nothing new when it was cut before its expected end', () => {
    const history = observations(50, (_, chance) => 10 + chance);
    const cut = observations(
      20,
      () => 1,
      () => ({ outcome: 'preempted' }),
    ).map((observation, i) => ({
      ...observation,
      endedAtMs: (51 + i) * 3_600_000,
    }));
    const { p50Seconds } = taught([...history, ...cut]).predict(anObservation());
    expect(p50Seconds).toBeCloseTo(taught(history).predict(anObservation()).p50Seconds, 1);
  });
});

describe('failure', () => {
  it('is likelier where it has happened, and comes about as often as it is foretold', () => {
    const seen = observations(
      1200,
      () => 10,
      (i, chance) => ({
        task: i % 2 === 0 ? 'flaky' : 'solid',
        outcome: i % 2 === 0 && chance < 0.4 ? 'failed' : 'succeeded',
      }),
    );
    const forecaster = taught(seen.slice(0, 800));
    const foretold = { flaky: 0, solid: 0 };
    for (const observation of seen.slice(800)) {
      const { failureProbability, expectedWastedSeconds } = forecaster.outlook(observation);
      expect(expectedWastedSeconds).toBeCloseTo(failureProbability * 10, 0);
      foretold[observation.task as 'flaky' | 'solid'] += failureProbability / 200;
      forecaster.observe(observation);
    }
    expect(foretold.flaky).toBeGreaterThan(0.3);
    expect(foretold.flaky).toBeLessThan(0.5);
    expect(foretold.solid).toBeLessThan(0.03);
  });
});

describe('resource use', () => {
  it('gives what 95% of the attempts stayed below, and null before the first', () => {
    const seen = observations(
      100,
      () => 10,
      (i) => ({ peakMemoryBytes: (i + 1) * 1e6, cpuSeconds: i + 1 }),
    );
    const { usage } = taught(seen).outlook(anObservation());
    expect(usage).toEqual({
      observations: 100,
      peakMemoryBytesP95: 95e6,
      peakMemoryBytesMax: 100e6,
      cpuSecondsP95: 95,
    });
    expect(aForecaster().outlook(anObservation()).usage).toMatchObject({ peakMemoryBytesP95: null });
  });
});
