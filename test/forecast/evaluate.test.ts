import { existsSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { parse } from 'csv-parse/sync';
import { describe, expect, it } from 'vitest';
import { evaluate, readTrace, type TraceColumns, type TraceRow } from '../../src/forecast/index.js';
import { numbers } from './support.js';

const rows = (cells: readonly Record<string, string>[]): TraceRow[] =>
  cells.map((row, i) => ({ line: i + 2, cells: row }));
const COLUMNS: TraceColumns = { time: 'at', target: 'ran', keys: ['user'] };
const plan = { split: 0.7, online: true, failures: false };

/** Jobs of five users, whose runtime goes with a size. */
const jobs = (count: number) => {
  const random = numbers(11);
  return rows(
    Array.from({ length: count }, (_, i) => {
      const size = 1 + Math.floor(random() * 100);
      const user = Math.floor(random() * 5);
      return { at: `${i * 100}`, ran: `${size * (user + 1)}`, user: `u${user}`, size: `${size}` };
    }),
  );
};

describe('reading a trace', () => {
  it('names the line of a runtime and of a time that are no numbers', () => {
    const bad = rows([
      { at: '0', ran: '1', user: 'a' },
      { at: 'soon', ran: '2', user: 'a' },
      { at: '2', ran: 'long', user: 'a' },
    ]);
    expect(() => readTrace(bad, COLUMNS, 1, 'jobs.csv')).toThrow(
      expect.objectContaining({
        code: 'invalid-document',
        problems: [
          expect.objectContaining({ path: 'at', line: 3, file: 'jobs.csv' }),
          expect.objectContaining({ path: 'ran', line: 4, file: 'jobs.csv' }),
        ],
      }),
    );
  });

  it('takes numbers and date-times for times, in UTC where no zone is named', () => {
    const read = (at: string) =>
      readTrace(rows([{ at, ran: '1', user: 'a' }]), COLUMNS, 1, 'f').entries[0]?.attempt.startMs;
    expect(read('12.5')).toBe(12_500);
    expect(read('1970-01-01 00:01:00')).toBe(60_000);
    expect(read('1970-01-01T01:01:00+01:00')).toBe(60_000);
  });

  it.each(['', 'NaN', 'inf', '-3', '0', '1e300'])("counts a runtime of '%s' as doubtful", (ran) => {
    const trace = readTrace(rows([{ at: '0', ran, user: 'a' }]), COLUMNS, 1, 'f');
    expect(trace.doubtful).toBe(1);
  });

  it('makes numbers of a column only where every filled cell is one', () => {
    const { entries } = readTrace(
      rows([
        { at: '0', ran: '1', user: '11', vc: '6214e9', size: '' },
        { at: '1', ran: '1', user: '12', vc: '11cb48', size: '3' },
      ]),
      COLUMNS,
      1,
      'f',
    );
    expect(entries[0]?.case.features).toEqual({ vc: '6214e9', user: '11', 'user as a number': 11 });
    expect(entries[1]?.case.features).toMatchObject({ size: 3 });
  });

  it('keeps groups together, in an order that the seed decides', () => {
    const grouped = rows(Array.from({ length: 40 }, (_, i) => ({ ran: '1', user: 'a', run: `r${i % 8}` })));
    const order = (seed: number) =>
      readTrace(grouped, { target: 'ran', keys: ['user'], group: 'run' }, seed, 'f').entries.map(
        (entry) => entry.group,
      );
    expect(order(1)).toEqual(order(1).toSorted((a, b) => (a ?? 0) - (b ?? 0)));
    expect(new Set(order(1)).size).toBe(8);
  });
});

describe('an evaluation', () => {
  it('scores our forecasts better than medians where runtime goes with a feature', () => {
    const { forecasters } = evaluate(readTrace(jobs(900), COLUMNS, 1, 'f'), plan);
    expect(forecasters.signalbox?.r2Log).toBeGreaterThan(0.8);
    expect(forecasters.signalbox?.r2Log).toBeGreaterThan((forecasters.rollingMedian?.r2Log ?? 0) + 0.3);
    expect(forecasters.globalMedian?.n).toBe(270);
  });

  it('never learns a row before it has ended: a job that outlasts the trace teaches nothing', () => {
    const endless = jobs(100).map(({ line, cells }) => ({ line, cells: { ...cells, ran: '1000000' } }));
    const { forecasters } = evaluate(readTrace(endless, COLUMNS, 1, 'f'), plan);
    expect(forecasters.signalbox?.n).toBe(0);
  });

  it('never tells a row its own outcome, even when it failed at once', () => {
    const coin = numbers(4);
    const failing = rows(
      Array.from({ length: 400 }, (_, i) => {
        const failed = coin() < 0.5;
        return { at: `${i}`, ran: failed ? '0' : '0.5', user: `u${i}`, status: failed ? 'bad' : 'good' };
      }),
    );
    const columns = { ...COLUMNS, outcome: 'status', success: 'good' };
    const { forecasters } = evaluate(readTrace(failing, columns, 1, 'f'), { ...plan, failures: true });
    expect(forecasters.signalbox?.auc).toBeLessThan(0.7);
    expect(forecasters.rollingMedian?.auc).toBeLessThan(0.7);
  });

  it('leaves rows without a success out of the runtime scores', () => {
    const some = jobs(200).map(({ line, cells }, i) => ({
      line,
      cells: { ...cells, status: i % 4 === 0 ? 'bad' : 'good' },
    }));
    const columns = { ...COLUMNS, outcome: 'status', success: 'good' };
    const report = evaluate(readTrace(some, columns, 1, 'f'), { ...plan, failures: true });
    expect(report.rows.test).toBe(60);
    expect(report.forecasters.signalbox?.n).toBe(45);
  });
});

const STRINGTIE = '../shared/traces/galaxy_stringtie.csv.gz';

describe.skipIf(!existsSync(STRINGTIE))(`a real trace (where ${STRINGTIE} is)`, () => {
  it('is forecast better by size than by the latest runs', () => {
    const cells = parse(gunzipSync(readFileSync(STRINGTIE)), { columns: true }) as Record<string, string>[];
    const trace = readTrace(
      rows(cells.slice(0, 2500).map((row, i) => ({ ...row, at: `${i * 86_400}` }))),
      { time: 'at', target: 'runtime', keys: ['guide_gff_filetype'] },
      1,
      STRINGTIE,
    );
    const { signalbox, rollingMedian } = evaluate(trace, plan).forecasters;
    expect(signalbox?.r2Log).toBeGreaterThan((rollingMedian?.r2Log ?? 0) + 0.1);
    expect(signalbox?.coverage90).toBeGreaterThan(0.85);
  });
});
