import { fileURLToPath } from 'node:url';

/** Signalbox's own folder, with a slash at its end. The command line always runs compiled, from `dist/src/cli`. */
export const PACKAGE_ROOT = fileURLToPath(new URL('../../../', import.meta.url));
