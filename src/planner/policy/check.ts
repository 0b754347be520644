import { type Mistake, member, type Path } from '../../domain/document/index.js';
import type { Draft } from './draft.js';

/** Looks for mistakes that no schema can tell: in what parts of a policy say beside each other. */
export type Check = (draft: Draft) => readonly Mistake[];

/** Several checks as one. */
export const checkAll =
  (checks: readonly Check[]): Check =>
  (draft) =>
    checks.flatMap((check) => check(draft));

/** What a check found. */
export const mistake = (path: Path, message: string, mend: string, at?: 'key'): readonly Mistake[] => [
  { path, message, mend, ...(at && { at }) },
];

/** Whether a document has something at a path. */
export const given = ({ document }: Draft, ...path: readonly string[]): boolean =>
  path.reduce<unknown>(member, document) !== undefined;
