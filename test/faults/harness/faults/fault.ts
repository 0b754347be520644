import type { Chance } from '../chance.js';
import type { World } from '../system/world.js';
import type { Stream } from '../workload/stream.js';

/** What a fault may act on. */
export interface Scene {
  readonly world: World;
  readonly stream: Stream;
  readonly chance: Chance;
}

/** A kind of fault. Faults of different lanes may overlap; of one lane they come one after the other. */
export interface Fault {
  readonly kind: string;
  readonly lane: 'services' | 'work';
  /** Injects it, lets it last, and takes it away again. Gives in words what was done; throws where it could not be. */
  inject(scene: Scene): Promise<string>;
}
