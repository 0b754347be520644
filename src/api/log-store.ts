/** Where logs are read from: the runs' workspace, of which the API needs no more than this. */
export interface LogStore {
  /** Up to `limitBytes` from `offset`; null where nothing is stored under the key. */
  read(
    key: string,
    range: { readonly offset: number; readonly limitBytes: number },
  ): Promise<{ readonly bytes: Uint8Array; readonly totalBytes: number } | null>;
}
