import type { Pool } from '../../../../src/domain/index.js';

/** A node of the system. */
export interface NodeShape {
  readonly name: string;
  readonly pool: Pool;
  readonly devices: number;
  readonly cores: number;
  readonly slots: number;
}

/** Small enough that work has to wait, and that some of it fits on one node only. */
export const NODES: readonly NodeShape[] = [
  { name: 'gpu-a', pool: 'gpu', devices: 2, cores: 2, slots: 0 },
  { name: 'gpu-b', pool: 'gpu', devices: 1, cores: 2, slots: 0 },
  { name: 'cpu-a', pool: 'cpu', devices: 0, cores: 3, slots: 0 },
  { name: 'io-a', pool: 'io', devices: 0, cores: 2, slots: 2 },
  { name: 'io-b', pool: 'io', devices: 0, cores: 2, slots: 2 },
];

/** What tasks must know to check on the scheduler. */
const PASSED = ['FAULTS_DIR', 'FAULTS_NODE', 'FAULTS_CORES', 'FAULTS_SLOTS'];

/** The arguments of the node's worker. */
export const workerArguments = ({ name, pool, devices, cores, slots }: NodeShape): readonly string[] => [
  'worker',
  `--pool=${pool}`,
  `--node=${name}`,
  ...(devices > 0 ? [`--virtual-devices=${devices}`] : []),
  `--cores=${cores}`,
  '--memory=1GiB',
  `--slots=${slots}`,
  ...PASSED.map((variable) => `--pass-env=${variable}`),
];
