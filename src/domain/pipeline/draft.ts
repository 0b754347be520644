import { member } from '../document/json-schema.js';

/** A task as it stands in a document that may have mistakes: what can be read of it, the rest left out. */
export interface DraftTask {
  readonly name: string;
  readonly needs: readonly (string | null)[];
  readonly fallback: string | undefined;
  readonly compensate: string | undefined;
  readonly raw: Readonly<Record<string, unknown>>;
}

/** A document as far as it can be read, so that one mistake does not hide the others. */
export interface Draft {
  readonly parameters: ReadonlyMap<string, Readonly<Record<string, unknown>>>;
  readonly tasks: ReadonlyMap<string, DraftTask>;
  readonly handlers: ReadonlyMap<string, DraftHandler>;
}

/** A task that stands by for another; of several claims the first counts. */
export interface DraftHandler {
  readonly kind: 'fallback' | 'compensate';
  readonly of: string;
}

/** Reads what can be read of a document. */
export const readDraft = (document: unknown): Draft => {
  const tasks = new Map(
    records(member(document, 'tasks')).map(([name, raw]) => [name, draftTask(name, raw)]),
  );
  const handlers = new Map<string, DraftHandler>();
  for (const { name: of, fallback, compensate } of tasks.values())
    for (const [kind, handler] of [
      ['fallback', fallback],
      ['compensate', compensate],
    ] as const)
      if (handler !== undefined && handler !== of && !handlers.has(handler))
        handlers.set(handler, { kind, of });
  return { parameters: new Map(records(member(document, 'parameters'))), tasks, handlers };
};

const draftTask = (name: string, raw: Readonly<Record<string, unknown>>): DraftTask => {
  const needs = Array.isArray(raw.needs) ? raw.needs : [];
  return {
    name,
    raw,
    needs: needs.map((need) => text(need) ?? null),
    fallback: text(member(raw.onFailure, 'fallback')),
    compensate: text(member(raw.onFailure, 'compensate')),
  };
};

const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

const records = (value: unknown): [string, Readonly<Record<string, unknown>>][] =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.entries(value).map(([key, entry]) => [
        key,
        typeof entry === 'object' && entry !== null ? entry : {},
      ])
    : [];
