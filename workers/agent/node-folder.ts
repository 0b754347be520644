import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { lockFile } from './lock-file.js';

/** A process group that a task of this node was launched in. */
export interface GroupRecord {
  readonly lease: string;
  readonly group: number;
  readonly launchedAtMs: number;
}

/** What a node remembers between its workers: its secret, who holds it, and which process groups may still live. */
export interface NodeFolder {
  readonly nodeKey: string;
  readonly groups: readonly GroupRecord[];
  remember(record: GroupRecord): void;
  forget(lease: string): void;
  release(): void;
}

/**
 * Opens a node's folder for this process alone. Throws `node-folder-taken` while another worker lives on it; a lock that a
 * killed worker left is taken over.
 */
export const openNodeFolder = async (path: string, node: string): Promise<NodeFolder> => {
  const groups = join(path, 'groups');
  mkdirSync(groups, { recursive: true });
  const unlock = await lockFile(join(path, 'lock'), node);
  const fileOf = (lease: string) => join(groups, encodeURIComponent(lease));
  return {
    nodeKey: secret(join(path, 'key')),
    groups: readdirSync(groups).flatMap((name) => readRecord(join(groups, name))),
    remember: (record) => writeFileSync(fileOf(record.lease), JSON.stringify(record)),
    forget: (lease) => rmSync(fileOf(lease), { force: true }),
    release: unlock,
  };
};

const secret = (file: string): string => {
  try {
    writeFileSync(file, randomBytes(24).toString('base64url'), { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  return readFileSync(file, 'utf8').trim();
};

/** A record that was being written when the worker was killed says nothing; its group died with the lifeline. */
const readRecord = (file: string): GroupRecord[] => {
  try {
    return [JSON.parse(readFileSync(file, 'utf8'))];
  } catch {
    return [];
  }
};
