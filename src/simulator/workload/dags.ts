import { z } from 'zod';
import { NOTHING } from '../../domain/index.js';
import type { Cells } from './cells.js';
import { topologicalOrder } from './graph.js';
import type { SimTask } from './types.js';

/** One line of a text file. */
export interface TextLine {
  readonly line: number;
  readonly text: string;
}

/** A workflow as recorded: what a run of it consists of. */
export interface Dag {
  readonly name: string;
  /** The text before the first `-` of its name: what its instances have in common. */
  readonly application: string;
  readonly tasks: readonly SimTask[];
}

const seconds = z.number().nonnegative().max(1e9);
const task = z.tuple([z.string().min(1), seconds, z.number().nonnegative().nullable()]);
const dagLine = z.object({
  wf: z.string().min(1),
  tasks: z.array(task).min(1),
  parents: z.array(z.array(z.number().int())),
});
type DagLine = z.output<typeof dagLine>;

/** Seconds; as in the published results that we compare with. */
const SHORTEST = 0.1;
const SHAPE = 'give {"wf": name, "tasks": [[type, runtime_s, input_bytes], …], "parents": [[index, …], …]}';

/** Workflows by name; null for one whose line is wrong, so that it is not missed a second time where it is used. */
export type Dags = ReadonlyMap<string, Dag | null>;

/** Reads one workflow a line; notes every line that is none, names a parent that does not exist, or goes round in a circle. */
export const readDags = (lines: readonly TextLine[], cells: Cells): Dags => {
  const dags = new Map<string, Dag | null>();
  for (const { line, text } of lines) {
    if (text.trim() === '') continue;
    const read = parsed(line, text, cells);
    if (read === undefined) continue;
    if (dags.has(read.wf))
      cells.wrong(line, 'wf', `there are two workflows named '${read.wf}'`, 'rename one');
    const tasks = tasksOf(line, read, cells);
    dags.set(read.wf, tasks && { name: read.wf, application: applicationOf(read.wf), tasks });
  }
  if (lines.length === 0) cells.wrong(1, '', 'there are no workflows', SHAPE);
  return dags;
};

const applicationOf = (name: string): string => name.split('-', 1)[0] || name;

const parsed = (line: number, text: string, cells: Cells): DagLine | undefined => {
  const result = dagLine.safeParse(jsonOf(text));
  if (result.success) return result.data;
  for (const { path, message } of result.error.issues.slice(0, 3))
    cells.wrong(line, path.join('.'), path.length === 0 ? 'is no JSON object' : message, SHAPE);
  return undefined;
};

const jsonOf = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** The tasks with their parents, each once; null where they form no graph. */
const tasksOf = (line: number, { tasks, parents }: DagLine, cells: Cells): SimTask[] | null => {
  if (parents.length !== tasks.length) {
    const message = `has ${parents.length} entries for ${tasks.length} tasks`;
    cells.wrong(line, 'parents', message, 'give each task its list of parents, empty for none');
    return null;
  }
  const strayAt = parents.findIndex((list) => list.some((parent) => tasks[parent] === undefined));
  if (strayAt >= 0) {
    const message = `task ${strayAt} names a parent that does not exist: [${parents[strayAt]?.join(', ')}]`;
    cells.wrong(line, 'parents', message, `give indices from 0 to ${tasks.length - 1}`);
    return null;
  }
  const needs = parents.map((list) => [...new Set(list)]);
  const order = topologicalOrder(needs);
  if (order.length < needs.length) {
    const stuck = needs.findIndex((_, i) => !order.includes(i));
    cells.wrong(line, 'parents', `task ${stuck} waits for itself, round in a circle`, 'break the circle');
    return null;
  }
  return tasks.map((of, i) => taskOf(of, i, needs[i] ?? []));
};

const taskOf = (
  [type, runSeconds, inputBytes]: DagLine['tasks'][number],
  index: number,
  needs: readonly number[],
): SimTask => ({
  name: `${type}-${index}`,
  type,
  pool: 'cpu',
  resources: { ...NOTHING, cores: 1 },
  runSeconds: Math.max(SHORTEST, runSeconds),
  features: inputBytes === null ? {} : { inputBytes },
  needs,
  spans: false,
});
