declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]: Name };

/** A run's id, also its root workflow's id: `<pipeline>-<8 random characters>`. */
export type RunId = Branded<'RunId'>;
/** A task within a run: its name, or `name[3]` for one item of a fan-out. */
export type TaskKey = Branded<'TaskKey'>;
/** A lease on capacity, unique for ever. */
export type LeaseId = Branded<'LeaseId'>;
/** A node's name, chosen by its operator; its own task queue is `<pool>@<node>`. */
export type NodeId = Branded<'NodeId'>;

/** Marks a checked string as a run's id. */
export const runId = (text: string): RunId => text as RunId;
/** Names a task of a run; `item` is the index within a fan-out. */
export const taskKey = (task: string, item?: number): TaskKey =>
  (item === undefined ? task : `${task}[${item}]`) as TaskKey;
/** Marks a checked string as a lease's id. */
export const leaseId = (text: string): LeaseId => text as LeaseId;
/** Marks a checked string as a node's id. */
export const nodeId = (text: string): NodeId => text as NodeId;

/** The task's name without its fan-out index. */
export const taskName = (key: TaskKey): string => key.replace(/\[\d+\]$/, '');

/**
 * Where an attempt's files lie in the workspace, logs (`stdout.log`, `stderr.log`) included. The index of a fan-out stands as
 * `train.3`: brackets would be a pattern to shells and to DuckDB.
 */
export const attemptPrefix = (run: RunId, key: TaskKey, attempt: number): string =>
  `runs/${run}/${key.replace(/\[(\d+)\]$/, '.$1')}/${attempt}`;
