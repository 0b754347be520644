export { type ApiSettings, type RunningApi, startApi } from './server.js';
