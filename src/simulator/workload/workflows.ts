import type { TraceRow } from '../../forecast/index.js';
import { arrivalReader } from './arrivals.js';
import { Cells, said } from './cells.js';
import { hasColumns, type Table } from './columns.js';
import { type Dag, type Dags, readDags, type TextLine } from './dags.js';
import { oneAfterAnother } from './graph.js';
import type { Mistakes } from './mistakes.js';
import type { SimRun, Workload } from './types.js';

/** The files of a scenario over recorded workflows. */
export interface WorkflowFiles {
  readonly dags: { readonly file: string; readonly lines: readonly TextLine[] };
  /** When which workflow arrives. */
  readonly arrivals: Table;
  /** Which workflows have ended before, to learn from; null for none. */
  readonly history: Table | null;
}

/** Reads the scenario: a run for each arrival, each task a core in the cpu pool; notes every mistake with its file and line. */
export const readWorkflows = (files: WorkflowFiles, mistakes: Mistakes): Workload => {
  const dags = readDags(files.dags.lines, new Cells(files.dags.file, mistakes));
  const runs = arriving(files.arrivals, dags, mistakes);
  const ended = files.history === null ? [] : endedBefore(files.history, dags, mistakes);
  return { runs, history: oneAfterAnother(ended, runs[0]?.submitAtMs ?? 0) };
};

const arriving = (table: Table, dags: Dags, mistakes: Mistakes): readonly SimRun[] => {
  if (!hasColumns(table, ['submit_s', 'wf'], mistakes)) return [];
  const cells = new Cells(table.file, mistakes);
  const arrivalOf = arrivalReader(cells);
  return table.rows.flatMap((row) => {
    const arrival = arrivalOf(row);
    const dag = dagOf(row, dags, cells);
    return dag === null ? [] : [{ ...identity(dag, row), ...arrival, tasks: dag.tasks }];
  });
};

const endedBefore = (table: Table, dags: Dags, mistakes: Mistakes): readonly SimRun[] => {
  if (!hasColumns(table, ['wf'], mistakes)) return [];
  const cells = new Cells(table.file, mistakes);
  return table.rows.flatMap((row): readonly SimRun[] => {
    const dag = dagOf(row, dags, cells);
    if (dag === null) return [];
    const known = { tenant: 'default', priorityClass: 'normal', submitAtMs: 0, deadlineAtMs: null } as const;
    return [{ ...identity(dag, row), ...known, tasks: dag.tasks }];
  });
};

const identity = ({ name, application }: Dag, { line }: TraceRow) => ({
  id: `${name}:${line}`,
  pipeline: application,
});

const dagOf = ({ line, cells }: TraceRow, dags: Dags, of: Cells): Dag | null => {
  const name = cells.wf?.trim() ?? '';
  const dag = dags.get(name);
  if (dag === undefined)
    of.wrong(line, 'wf', `there is no workflow ${said(name)}`, 'name one of the --dags file');
  return dag ?? null;
};
