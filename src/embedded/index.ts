export { startDev } from './dev.js';
export type { Dev, DevOptions } from './dev-options.js';
export { freePort, requireFreePorts } from './ports.js';
export { resolveTemporal, type TemporalSource } from './temporal-binary.js';
export { prepareNamespace } from './temporal-namespace.js';
export { startTemporalServer, type TemporalServerOptions } from './temporal-server.js';
