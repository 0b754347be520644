import { join } from 'node:path';
import type { PriorityClass } from '../../../../src/domain/index.js';
import type { Chance } from '../chance.js';

/** A pipeline of the stream: its document, its class, and which of its tasks promise outputs. */
export interface Work {
  readonly document: Readonly<Record<string, unknown>>;
  readonly priority: PriorityClass;
  readonly promising: readonly string[];
  /** Whose budget may refuse it; nobody's where absent. */
  readonly tenant?: typeof FRUGAL;
}

/** The tenant that has a budget. */
export const FRUGAL = 'frugal';

const WITNESS = join(import.meta.dirname, 'witness.sh');
/** However many faults hit a task's attempts, they are not what makes its run fail. */
const RETRY = { attempts: 100, initialDelay: '500ms', factor: 1.5, maxDelay: '3s' };

interface TaskShape {
  readonly needs?: readonly string[];
  readonly pool: 'gpu' | 'cpu' | 'io';
  readonly count?: number;
  readonly estimate: string;
  readonly work: string;
  readonly forEach?: readonly number[];
}

const UNITS = { gpu: 'gpu', cpu: 'cpu', io: 'slots' } as const;
const COUNTED = { gpu: 'devices', cpu: 'cores', io: 'slots' } as const;

/** A task that checks what it leases and what it was promised, works, and keeps its own promise. */
const task = ({ needs = [], pool, count = 1, estimate, work, forEach }: TaskShape, checked = needs) => ({
  needs: [...needs],
  pool,
  resources: { [UNITS[pool]]: count },
  estimate,
  grace: '2s',
  retry: RETRY,
  ...(forEach ? { forEach } : {}),
  run: {
    env: Object.fromEntries(
      checked.flatMap((name) => [
        [`VALUE_${name}`, `\${{ tasks.${name}.outputs.value }}`],
        [`FILE_${name}`, `\${{ tasks.${name}.outputs.file }}`],
      ]),
    ),
    command: [
      `. ${WITNESS}`,
      `begin ${COUNTED[pool]} ${count}`,
      ...checked.map((name) => `expect ${name} "$VALUE_${name}" "$FILE_${name}"`),
      work,
      'finish',
    ].join('\n'),
    outputs: ['value', 'file'],
  },
});

const pipeline = (name: string, priority: PriorityClass, tasks: Record<string, unknown>): Work => ({
  document: { apiVersion: 'signalbox/v1', name, tasks },
  priority,
  promising: Object.keys(tasks),
});

const nap = (chance: Chance): string => `sleep ${chance.between(0.1, 1.2).toFixed(1)}`;

const chain = (chance: Chance): Work => {
  const length = Math.round(chance.between(3, 5));
  const tasks: Record<string, unknown> = {};
  for (let place = 0; place < length; place++) {
    const pool = chance.pick(['cpu', 'io'] as const);
    const needs = place === 0 ? [] : [`s${place - 1}`];
    const count = pool === 'cpu' ? chance.pick([1, 2]) : 1;
    tasks[`s${place}`] = task({ needs, pool, count, estimate: '1s', work: nap(chance) });
  }
  return pipeline('chain', chance.pick(['normal', 'high'] as const), tasks);
};

const fan = (chance: Chance): Work =>
  pipeline('fan', 'normal', {
    source: task({ pool: 'io', estimate: '1s', work: nap(chance) }),
    part: task(
      {
        needs: ['source'],
        pool: chance.pick(['cpu', 'io'] as const),
        estimate: '1s',
        work: nap(chance),
        forEach: Array.from({ length: Math.round(chance.between(3, 6)) }, (_, index) => index),
      },
      ['source'],
    ),
    join: task({ needs: ['source', 'part'], pool: 'cpu', estimate: '1s', work: 'true' }, ['source']),
  });

const training = (chance: Chance): Work => {
  const steps = Math.round(chance.between(16, 40));
  const count = chance.pick([1, 1, 2]);
  return pipeline('training', chance.pick(['low', 'batch'] as const), {
    data: task({ pool: 'io', estimate: '1s', work: nap(chance) }),
    train: task({
      needs: ['data'],
      pool: 'gpu',
      count,
      estimate: `${Math.ceil(steps / 4)}s`,
      work: `train ${steps}`,
    }),
    report: task({ needs: ['train'], pool: 'cpu', estimate: '1s', work: 'true' }),
  });
};

const urgent = (chance: Chance): Work =>
  pipeline('urgent', 'critical', {
    serve: task({ pool: 'gpu', estimate: '1s', work: nap(chance) }),
    notify: task({ needs: ['serve'], pool: 'io', estimate: '1s', work: 'true' }),
  });

const paid = (chance: Chance): Work => ({
  ...pipeline('paid', chance.pick(['normal', 'low'] as const), {
    render: task({ pool: 'gpu', estimate: '1s', work: nap(chance) }),
    retouch: task({ needs: ['render'], pool: 'gpu', estimate: '1s', work: nap(chance) }),
  }),
  tenant: FRUGAL,
});

/** Its first attempt always fails. */
const stubborn = (chance: Chance): Work =>
  pipeline('stubborn', 'normal', {
    fetch: task({
      pool: 'io',
      estimate: '1s',
      work: `${nap(chance)}; [ "$SIGNALBOX_ATTEMPT" -gt 1 ] || exit 3`,
    }),
    use: task({ needs: ['fetch'], pool: 'cpu', estimate: '1s', work: nap(chance) }),
  });

/** Its fan-out runs in child workflows. */
export const large = (): Work =>
  pipeline('large', 'batch', {
    many: {
      forEach: Array.from({ length: 201 }, (_, index) => index),
      pool: 'io',
      retry: RETRY,
      run: { command: ['true'] },
    },
    after: task({ needs: ['many'], pool: 'io', estimate: '1s', work: 'true' }, []),
  });

/** The next pipeline of the stream. */
export const nextWork = (chance: Chance): Work =>
  chance.pick([chain, fan, training, training, urgent, stubborn, paid])(chance);
