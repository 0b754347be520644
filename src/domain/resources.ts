/** The hardware classes; a pool's name is its task queue's name. */
export const POOLS = ['gpu', 'cpu', 'io'] as const;
export type Pool = (typeof POOLS)[number];

/** Priority classes, most urgent first. */
export const PRIORITY_CLASSES = ['critical', 'high', 'normal', 'low', 'batch'] as const;
export type PriorityClass = (typeof PRIORITY_CLASSES)[number];

/** An amount of hardware: what a node has, a lease holds, or a task asks for. Slots bound concurrent I/O work. */
export interface Resources {
  readonly devices: number;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly slots: number;
}

/** What one attempt of a task asks for. */
export interface ResourceRequest extends Resources {
  readonly pool: Pool;
}

/** The kinds of resource, in the order in which a shortage is reported. */
export const RESOURCE_KINDS = ['devices', 'cores', 'memoryBytes', 'slots'] as const;

/** No hardware at all. */
export const NOTHING: Resources = { devices: 0, cores: 0, memoryBytes: 0, slots: 0 };

const combine = (a: Resources, b: Resources, f: (x: number, y: number) => number): Resources => ({
  devices: f(a.devices, b.devices),
  cores: f(a.cores, b.cores),
  memoryBytes: f(a.memoryBytes, b.memoryBytes),
  slots: f(a.slots, b.slots),
});

/** The sum of two amounts. */
export const add = (a: Resources, b: Resources): Resources => combine(a, b, (x, y) => x + y);
/** `a` less `b`; may be negative where a node shrank under its leases. */
export const subtract = (a: Resources, b: Resources): Resources => combine(a, b, (x, y) => x - y);
/** The kinds of which `asked` wants more than `free` has; empty where it fits. */
export const shortages = (asked: Resources, free: Resources) =>
  RESOURCE_KINDS.filter((kind) => asked[kind] > free[kind]);
/** Whether a request holds nothing but slots, so that any worker of the pool may take it. */
export const isBareSlots = (asked: Resources): boolean =>
  asked.devices === 0 && asked.cores === 0 && asked.memoryBytes === 0;

/** The class queue for bare slots, else the queue of the node that holds the hardware. */
export const taskQueue = (pool: Pool, node: string | null): string =>
  node === null ? pool : `${pool}@${node}`;

/** How much hardware a request is, in one number: its devices, without any its cores, else its slots. */
export const sizeOf = ({ devices, cores, slots }: Resources): number => devices || cores || slots || 1;

/** Prices of a pool's hardware. */
export interface Prices {
  readonly usdPerDeviceHour: number;
  readonly usdPerCoreHour: number;
}

/** What holding an amount of hardware for a time costs, in micro-dollars. */
export const microUsdOf = ({ devices, cores }: Resources, prices: Prices, seconds: number): number =>
  Math.round(((devices * prices.usdPerDeviceHour + cores * prices.usdPerCoreHour) * seconds * 1e6) / 3_600);
