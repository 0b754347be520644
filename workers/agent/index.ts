export { type AgentSettings, type NodeAgent, startAgent } from './agent.js';
export { type AgentApi, agentApi } from './api-client.js';
export { type DeclaredCapacity, findCapacity } from './capacity.js';
