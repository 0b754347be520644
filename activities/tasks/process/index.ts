export { endGroup } from './end.js';
export { type Exit, type Launch, type Launched, launch } from './launch.js';
export { exitOrLeave } from './leave.js';
export { captureLog, type LogCapture } from './log-file.js';
export { type GroupUsage, type Meter, meterGroup } from './meter.js';
export { oomKills } from './oom-kills.js';
export { processes } from './table.js';
