export type { ListRuns, StartRun, Who } from '../requests.js';
export type * from '../schemas.js';
export { type ApiClient, createClient, type LogPiece } from './client.js';
