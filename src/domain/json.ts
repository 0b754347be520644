/** Anything that JSON can say. */
export type JsonValue =
  | null
  | boolean
  | number
  | string
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue };

/**
 * A file in the workspace, by reference: big data never goes through Temporal.
 * The URI is `workspace://<key>`; an activity turns it into a local path wherever it stands in a task's texts.
 */
export interface FileRef {
  readonly uri: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** Whether a value is a reference to a file of the workspace. */
export const isFileRef = (value: unknown): value is FileRef =>
  typeof value === 'object' &&
  value !== null &&
  typeof (value as FileRef).uri === 'string' &&
  (value as FileRef).uri.startsWith('workspace://') &&
  typeof (value as FileRef).sha256 === 'string';
