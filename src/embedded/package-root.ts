import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Signalbox's own folder, wherever this file runs from: the sources, or `dist/`. */
export const PACKAGE_ROOT = findUpwards(import.meta.dirname);

function findUpwards(folder: string): string {
  return existsSync(join(folder, 'package.json')) ? folder : findUpwards(dirname(folder));
}
