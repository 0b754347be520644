import { startPoolWorker } from '../../../workers/pool.js';
import { type PoolSettingsInput, poolSettings } from '../../../workers/pool-settings.js';
import { temporalSettingsFrom } from '../../../workers/temporal.js';
import { bytesOf, type Pool, type Problem, SignalboxError } from '../../domain/index.js';
import { apiUrl } from '../address.js';
import { untilStopped } from '../lifetime.js';
import { serviceLog } from '../log.js';
import { readSettings, temporalEnvironment } from '../settings.js';

interface WorkerOptions {
  readonly pool: Pool;
  readonly node?: string;
  readonly devices?: number;
  readonly virtualDevices?: number;
  readonly cores?: number;
  readonly memory?: string;
  readonly slots?: number;
  readonly functions?: readonly string[];
  readonly label?: readonly string[];
  readonly workspace?: string;
  readonly passEnv?: readonly string[];
  readonly api?: string;
  readonly temporalAddress?: string;
  readonly temporalNamespace?: string;
}

/** `signalbox worker`: one node of a pool. SIGTERM drains it: no new work, what runs gets its grace and keeps its checkpoint. */
export const worker = async (options: WorkerOptions): Promise<void> => {
  const log = serviceLog(`worker-${options.pool}`);
  const { finished, stop } = await startPoolWorker({ ...settingsFrom(options), log });
  await untilStopped({ ended: finished, stop });
};

/** Checks every option before anything starts. Throws `invalid-option` with all that is wrong. */
const settingsFrom = (options: WorkerOptions): PoolSettingsInput => {
  const { workerToken } = readSettings(['workerToken'], {});
  const input = {
    ...capacityFrom(options),
    pool: options.pool,
    apiUrl: apiUrl(options.api),
    workerToken,
    temporal: temporalSettingsFrom(temporalEnvironment({ ...options })),
    labels: labelsFrom(options.label ?? []),
    functions: [...(options.functions ?? [])],
    passEnv: [...(options.passEnv ?? [])],
    ...(options.node === undefined ? {} : { node: options.node }),
    ...(options.workspace === undefined ? {} : { workspace: options.workspace }),
  };
  const checked = poolSettings.safeParse(input);
  if (!checked.success)
    throw new SignalboxError(
      'invalid-option',
      'The worker cannot start with these options.',
      checked.error.issues.map(({ path, message }) => wrong(String(path[0]), message)),
    );
  return input;
};

const capacityFrom = ({ devices, virtualDevices, cores, memory, slots }: WorkerOptions) => {
  if (devices !== undefined && virtualDevices !== undefined)
    throw new SignalboxError('invalid-option', 'A node has either real devices or virtual ones.', [
      wrong('virtualDevices', 'stands beside --devices'),
    ]);
  const memoryBytes = memory === undefined ? undefined : bytesOf(memory);
  const given = { devices: virtualDevices ?? devices, cores, memoryBytes, slots };
  return {
    ...Object.fromEntries(Object.entries(given).filter(([, amount]) => amount !== undefined)),
    virtualDevices: virtualDevices !== undefined,
  };
};

const labelsFrom = (labels: readonly string[]): Record<string, string> =>
  Object.fromEntries(
    labels.map((label) => {
      const [, name, value] = /^([^=]+)=(.*)$/.exec(label) ?? [];
      if (name === undefined || value === undefined)
        throw new SignalboxError('invalid-option', `The label ${label} is not of the form name=value.`);
      return [name, value];
    }),
  );

const OPTIONS: Readonly<Record<string, string>> = {
  apiUrl: '--api',
  memoryBytes: '--memory',
  virtualDevices: '--virtual-devices',
};

const wrong = (setting: string, message: string): Problem => {
  const path = OPTIONS[setting] ?? `--${setting}`;
  return { path, message: message, mend: 'see `signalbox worker --help`' };
};
