import { Client, Connection, isGrpcServiceError } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';
import { registerSearchAttributes } from '../../workers/temporal.js';
import { until } from './until.js';

const READY_WITHIN_MS = 60_000;
const RETENTION = '7 days';
const GRPC_ALREADY_EXISTS = 6;

/**
 * Waits for the server, creates the namespace where it is not there yet, registers our search attributes in it (a workflow
 * that uses an unregistered one retries for ever), and returns once the namespace is usable.
 */
export async function prepareNamespace(address: string, namespace: string): Promise<void> {
  const connection = await until(`the Temporal server at ${address}`, READY_WITHIN_MS, () =>
    Connection.connect({ address, connectTimeout: 1_000 }),
  );
  const temporal = { client: new Client({ connection, namespace }), close: () => connection.close() };
  try {
    await until(`the namespace ${namespace}`, READY_WITHIN_MS, async () => {
      await registerNamespace(connection, namespace);
      await registerSearchAttributes(temporal);
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
      workflowExecutionRetentionPeriod: msToTs(RETENTION),
    });
  } catch (error) {
    if (!isGrpcServiceError(error) || error.code !== GRPC_ALREADY_EXISTS) throw error;
  }
}
