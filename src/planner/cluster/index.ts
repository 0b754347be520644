export { Cluster, poolsOf } from './cluster.js';
export { byEnd, type Hold, holdOf, left } from './hold.js';
export type { Gate, PieceKind, Pieces } from './pieces.js';
export { inserted, type Place, withHold, withoutHold } from './place.js';
export { type PoolView, partsOf, slotsOf } from './pool-state.js';
export { NO_SPENDING, type Spell, type Spending, type Spent } from './spending.js';
export { LookAhead, type Queued } from './waiting-queue.js';
export type { Held, WaitingTask } from './waiting-task.js';
