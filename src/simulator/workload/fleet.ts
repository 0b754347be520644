import { NOTHING, type Pool } from '../../domain/index.js';
import type { Fleet, SimNode } from './types.js';

/** A pool of devices (cores in the cpu pool) on nodes of the same size, the last one smaller where they don't divide. */
export const evenFleet = (pool: Pool, devices: number, perNode = devices): Fleet => {
  const count = Math.ceil(devices / perNode);
  const digits = `${count}`.length;
  const nodes = Array.from({ length: count }, (_, i): SimNode => {
    const size = Math.min(perNode, devices - i * perNode);
    return {
      id: `${pool}-${`${i + 1}`.padStart(digits, '0')}`,
      pool,
      capacity: pool === 'gpu' ? { ...NOTHING, devices: size } : { ...NOTHING, cores: size },
      labels: {},
      fromMs: Number.NEGATIVE_INFINITY,
      untilMs: null,
    };
  });
  return { nodes };
};
