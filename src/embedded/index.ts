export { freePort, requireFreePorts } from './ports.js';
export { resolveTemporal, type TemporalSource } from './temporal-binary.js';
export { prepareNamespace } from './temporal-namespace.js';
export { startTemporalServer, type TemporalServer, type TemporalServerOptions } from './temporal-server.js';
