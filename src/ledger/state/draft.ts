import type { Forecaster } from '../../forecast/index.js';
import type { Policy } from '../../planner/index.js';
import type { EventRow, HotRows, LogRows } from '../rows/index.js';
import { HOT_NAMES, LOG_NAMES } from '../rows/index.js';
import type { HotTable } from './hot-table.js';
import type { Image } from './image.js';

interface Undo {
  readonly table: keyof HotRows;
  readonly key: string;
  readonly before: HotRows[keyof HotRows] | undefined;
}
type Logs = { [Table in keyof LogRows]: LogRows[Table][] };
type Lengths = { readonly [Table in keyof LogRows]: number };

/** A point of a draft to go back to. */
export interface Savepoint {
  readonly undo: number;
  readonly head: Image['head'];
  readonly logs: Lengths;
  readonly asked: ReadonlySet<string>;
}

/** What a command may use besides the image. */
export interface Surroundings {
  readonly policy: Policy;
  readonly forecaster: Forecaster;
}

/** A batch in the making: it changes the image at once, remembers how to take that back, and collects what to write. */
export class Draft {
  readonly #undo: Undo[] = [];
  readonly #runs = new Set<string>();
  readonly #logs = Object.fromEntries(LOG_NAMES.map((name) => [name, []])) as unknown as Logs;
  /** Attempts whose waiting the callers of this batch will be told about: these need no signal. */
  asked = new Set<string>();
  /** Attempts that entered with this batch. */
  readonly entered = new Set<string>();

  constructor(
    readonly image: Image,
    readonly atMs: number,
    readonly surroundings: Surroundings,
  ) {}

  /** Puts a row into the image and the batch. */
  put<Table extends keyof HotRows>(table: Table, row: HotRows[Table]): void {
    const rows = this.#table(table);
    const key = rows.keyOf(row);
    this.#undo.push({ table, key, before: rows.get(key) });
    rows.set(row);
  }

  append<Table extends keyof LogRows>(table: Table, row: LogRows[Table]): void {
    this.#logs[table].push(row);
  }

  /** Records what was decided or happened, under the next number. */
  event(event: Partial<EventRow> & Pick<EventRow, 'kind'>): void {
    this.append('events', {
      runId: null,
      taskKey: null,
      attempt: null,
      nodeId: null,
      detail: {},
      ...event,
      number: this.next('events'),
      atMs: this.atMs,
      policyVersion: this.surroundings.policy.version,
    });
  }

  /** Takes the next number of one of the head's counters. */
  next(counter: 'events' | 'fencing' | 'arrivals'): number {
    const value = this.image.head[counter] + 1;
    this.image.head = { ...this.image.head, [counter]: value };
    return value;
  }

  savepoint(): Savepoint {
    return {
      undo: this.#undo.length,
      head: this.image.head,
      logs: Object.fromEntries(LOG_NAMES.map((name) => [name, this.#logs[name].length])) as Lengths,
      asked: new Set(this.asked),
    };
  }

  /** Takes back all that was done since the savepoint. */
  rollback(to: Savepoint): void {
    while (this.#undo.length > to.undo) this.#takeBack(this.#undo.pop() as Undo);
    for (const name of LOG_NAMES) this.#logs[name].length = to.logs[name];
    this.image.head = to.head;
    this.asked = new Set(to.asked);
  }

  #takeBack({ table, key, before }: Undo): void {
    const rows = this.#table(table);
    if (before === undefined) rows.delete(key);
    else rows.set(before as never);
  }

  /** What to write: the final state of each changed row, and what was added. Empty where nothing changed. */
  writes(): Readonly<Record<string, readonly unknown[]>> {
    const writes: Record<string, readonly unknown[]> = {};
    for (const name of HOT_NAMES) {
      const rows = this.changed(name);
      if (rows.length > 0) writes[name] = rows;
    }
    for (const name of LOG_NAMES) if (this.#logs[name].length > 0) writes[name] = this.#logs[name];
    return writes;
  }

  /** Notes that a command looked at a run, which may have been loaded for it alone. */
  touchRun(runId: string): void {
    this.#runs.add(runId);
  }

  /** The runs that this batch looked at or ended. */
  touchedRuns(): readonly string[] {
    return [...this.#runs];
  }

  /** The rows of a table that this batch changed, as they stand now. */
  changed<Table extends keyof HotRows>(table: Table): readonly HotRows[Table][] {
    const keys = new Set(this.#undo.filter((undo) => undo.table === table).map(({ key }) => key));
    return [...keys].flatMap((key) => this.#table(table).get(key) ?? []);
  }

  /** Rows added to a log by this batch. */
  added<Table extends keyof LogRows>(table: Table): readonly LogRows[Table][] {
    return this.#logs[table];
  }

  #table<Table extends keyof HotRows>(table: Table): HotTable<HotRows[Table]> {
    return this.image[table] as unknown as HotTable<HotRows[Table]>;
  }
}
