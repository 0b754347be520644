export { idOfTask, isLive } from './attempt.js';
export { lapsePromises, preempt, remindToGiveWay, whyItLeaves } from './give-way.js';
export { grant, newestExecution } from './grant.js';
export { release, revoke, withdraw } from './revoke.js';
export { settle } from './settle.js';
export { signal } from './signal.js';
export { defer, refuse } from './wait.js';
