export { type Policy, readPolicy } from './policy.js';
