import { execFile } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';

const TIMEOUT_MS = 3000;

/** Where and how patiently nvidia-smi is asked. */
export interface SmiOptions {
  readonly program?: string;
  readonly timeoutMs?: number;
}

/**
 * What nvidia-smi says of each GPU, field by field as text; null where it is missing, fails or hangs (it may, in a driver, past
 * any kill).
 */
export const querySmi = async (
  fields: readonly string[],
  { program = 'nvidia-smi', timeoutMs = TIMEOUT_MS }: SmiOptions = {},
): Promise<readonly (readonly string[])[] | null> => {
  const given = new AbortController();
  const asked = [`--query-gpu=${fields.join(',')}`, '--format=csv,noheader,nounits'];
  const query = promisify(execFile)(program, asked, { signal: given.signal, killSignal: 'SIGKILL' });
  const rows = query.then(({ stdout }) =>
    stdout
      .split('\n')
      .map((line) => line.split(',').map((cell) => cell.trim()))
      .filter(([index]) => /^\d+$/.test(index ?? '')),
  );
  const patience = delay(timeoutMs, null, { signal: given.signal });
  try {
    return await Promise.race([rows, patience]);
  } catch {
    return null;
  } finally {
    for (const unheard of [rows, patience]) unheard.catch(() => undefined);
    given.abort();
  }
};
