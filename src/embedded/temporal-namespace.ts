import { Connection, isGrpcServiceError } from '@temporalio/client';
import { SEARCH_ATTRIBUTES } from '../domain/index.js';
import { until } from './until.js';

const READY_WITHIN_MS = 30_000;
const RETENTION_SECONDS = 7 * 24 * 3600;
const GRPC_ALREADY_EXISTS = 6;
/** From temporal.api.enums.v1; the package of the enums has no named exports for ES modules. */
const INDEXED_VALUE_TYPE_KEYWORD = 2;

/**
 * Waits for the server, creates the namespace where it is not there yet, registers our search attributes in it (a workflow
 * that uses an unregistered one retries for ever), and returns once the namespace is usable.
 */
export async function prepareNamespace(address: string, namespace: string): Promise<void> {
  const connection = await until(`the Temporal server at ${address}`, READY_WITHIN_MS, () =>
    Connection.connect({ address, connectTimeout: 1_000 }),
  );
  try {
    await until(`the namespace ${namespace}`, READY_WITHIN_MS, async () => {
      await registerNamespace(connection, namespace);
      await registerSearchAttributes(connection, namespace);
      await connection.workflowService.countWorkflowExecutions({ namespace });
    });
  } finally {
    await connection.close();
  }
}

async function registerNamespace(connection: Connection, namespace: string): Promise<void> {
  try {
    await connection.workflowService.registerNamespace({
      namespace,
      workflowExecutionRetentionPeriod: { seconds: RETENTION_SECONDS as never },
    });
  } catch (error) {
    if (!isGrpcServiceError(error) || error.code !== GRPC_ALREADY_EXISTS) throw error;
  }
}

async function registerSearchAttributes(connection: Connection, namespace: string): Promise<void> {
  const searchAttributes = Object.fromEntries(
    Object.values(SEARCH_ATTRIBUTES).map((name) => [name, INDEXED_VALUE_TYPE_KEYWORD]),
  );
  await connection.operatorService.addSearchAttributes({ namespace, searchAttributes });
}
