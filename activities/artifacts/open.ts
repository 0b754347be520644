import { resolve } from 'node:path';
import { SignalboxError } from '../../src/domain/index.js';
import { folderWorkspace } from './folder.js';
import { s3Workspace } from './s3.js';
import type { S3Settings } from './s3-client.js';
import type { Workspace } from './workspace.js';

/** Surroundings of a workspace that is not a plain folder. */
export interface WorkspaceOptions {
  /** For the endpoint, region and credentials: the `AWS_*` variables. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where this process keeps files of a remote store; no other may use it at the same time. */
  readonly cacheFolder: string;
}

/** Opens the workspace that a setting names: a folder, or `s3://bucket/prefix`. Throws `invalid-option` for a bad one. */
export const openWorkspace = (location: string, { env, cacheFolder }: WorkspaceOptions): Workspace =>
  /^[a-z0-9]+:\/\//i.test(location)
    ? s3Workspace(s3SettingsFrom(location, env), resolve(cacheFolder))
    : folderWorkspace(resolve(location));

const s3SettingsFrom = (location: string, env: WorkspaceOptions['env']): S3Settings => {
  const [, bucket, path = ''] = /^s3:\/\/([a-z0-9][a-z0-9.-]+)\/?(.*)$/.exec(location) ?? [];
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = env;
  if (bucket === undefined) {
    throw new SignalboxError('invalid-option', `"${location}" is neither a folder nor s3://bucket/prefix.`);
  }
  if (!accessKeyId || !secretAccessKey) {
    const message = `The workspace ${location} needs AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.`;
    throw new SignalboxError('invalid-option', message);
  }
  const endpoint = env.AWS_ENDPOINT_URL_S3 || env.AWS_ENDPOINT_URL;
  const folder = path.replace(/\/+$/, '');
  return {
    bucket,
    prefix: folder === '' ? '' : `${folder}/`,
    region: env.AWS_REGION || env.AWS_DEFAULT_REGION || 'us-east-1',
    accessKeyId,
    secretAccessKey,
    ...(endpoint ? { endpoint } : {}),
    ...(env.AWS_SESSION_TOKEN ? { sessionToken: env.AWS_SESSION_TOKEN } : {}),
  };
};
