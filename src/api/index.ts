export type { ApiDeps } from './app.js';
export { createApi } from './app.js';
export { type ApiSettings, type RunningApi, startApi } from './server.js';
