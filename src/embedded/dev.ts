import { resolve } from 'node:path';
import { announce, type DevFiles, devFiles, lockFolder, workerToken } from './dev-files.js';
import { DEV_PORTS, type Dev, type DevOptions } from './dev-options.js';
import { type DevServices, startDevServices } from './dev-services.js';
import { type DevTemporal, startDevTemporal } from './dev-temporal.js';
import { hasGpu, startDevWorkers, VIRTUAL_DEVICES } from './dev-workers.js';
import { requireFreePorts } from './ports.js';
import { removeOrphan } from './supervisor.js';
import { UndoStack } from './undo-stack.js';

/** How long the children may take to leave; with the services between them 10 s in all. */
const LEAVE_MS = { workers: 5_000, temporal: 2_000 };
const CHILDREN = ['worker-gpu', 'worker-cpu', 'worker-io', 'temporal'];

/**
 * Starts one process tree: a Temporal dev server, ledger, control worker and API in this process, and a worker process for
 * each pool. Throws `already-running`, `port-taken` and `temporal-unavailable`; then nothing is left running.
 */
export async function startDev(options: DevOptions): Promise<Dev> {
  const files = devFiles(resolve(options.folder));
  const parts = new UndoStack();
  try {
    const lock = lockFolder(files);
    parts.add(lock.release);
    return await assemble(options, files, parts);
  } catch (error) {
    await parts.undo();
    throw error;
  }
}

async function assemble(options: DevOptions, files: DevFiles, parts: UndoStack): Promise<Dev> {
  const progress = options.progress ?? ((line) => void process.stderr.write(`${line}\n`));
  const ports = portsOf(options);
  for (const name of CHILDREN) await removeOrphan(files.pid(name));
  await requirePorts(ports);

  const temporal = await startDevTemporal({ files, ports, progress });
  parts.add(() => temporal.child?.stop(LEAVE_MS.temporal));
  const token = workerToken(files);
  const services = await startDevServices({
    files,
    temporal: temporal.settings,
    workerToken: token,
    port: ports.api,
    policy: options.policy,
  });
  parts.add(services.stop);
  const virtualDevices = (await hasGpu()) ? 0 : VIRTUAL_DEVICES;
  const workers = await startDevWorkers({
    files,
    folder: resolve(options.folder),
    env: workerEnvironment(files, temporal, services, token),
    virtualDevices,
    functions: options.functions ?? [],
    died: progress,
  });
  parts.add(() => Promise.all(workers.map((worker) => worker.stop(LEAVE_MS.workers))));
  await services.untilNodes(workers.length);
  parts.add(announce(files, { apiUrl: services.apiUrl }));
  return {
    apiUrl: services.apiUrl,
    temporalAddress: temporal.settings.address,
    temporalUiUrl: temporal.uiUrl,
    logFolder: files.logs,
    notes:
      virtualDevices > 0 ? [`No GPU was found: the gpu node has ${virtualDevices} virtual devices.`] : [],
    stop: () => parts.undo(),
  };
}

/** How the workers reach the rest. Secrets go by environment, never by arguments, which `ps` shows to everyone. */
const workerEnvironment = (
  files: DevFiles,
  temporal: DevTemporal,
  services: DevServices,
  token: string,
): NodeJS.ProcessEnv => ({
  ...process.env,
  TEMPORAL_ADDRESS: temporal.settings.address,
  TEMPORAL_NAMESPACE: temporal.settings.namespace,
  SIGNALBOX_API_URL: services.apiUrl,
  SIGNALBOX_WORKER_TOKEN: token,
  SIGNALBOX_WORKSPACE: files.workspace,
});

const portsOf = ({ apiPort, temporalPort, uiPort }: DevOptions) => ({
  api: apiPort ?? DEV_PORTS.api,
  temporal: temporalPort ?? DEV_PORTS.temporal,
  ui: uiPort ?? DEV_PORTS.ui,
});

const requirePorts = (ports: ReturnType<typeof portsOf>): Promise<void> =>
  requireFreePorts({
    '--port': ports.api,
    ...(process.env.TEMPORAL_ADDRESS ? {} : { '--temporal-port': ports.temporal, '--ui-port': ports.ui }),
  });
