import { DuckDBInstance } from '@duckdb/node-api';

/** The features of the model, in their order; `features` in flights.yaml computes them. */
export const FEATURES = [
  'hour',
  'weekday',
  'distance',
  'origin_rate',
  'destination_rate',
  'route_rate',
  'origin_recent',
  'destination_recent',
  'network_recent',
  'origin_yesterday',
  'destination_yesterday',
];

/** One part (`train`, `validation` or `test`) of the features file: a column per feature, and the 0/1 target. */
export async function readPart(file, part) {
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  const connection = await instance.connect();
  try {
    const names = FEATURES.map((name) => `${name}::DOUBLE`).join(', ');
    const reader = await connection.runAndReadAll(
      `SELECT ${names}, late::UTINYINT FROM read_parquet($file) WHERE part = $part ORDER BY row`,
      { file, part },
    );
    const columns = reader.getColumns();
    const target = Uint8Array.from(columns.pop());
    return { columns: columns.map((column) => Float64Array.from(column)), target };
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

/** The feature values of one row. */
export const rowOf = (table, row) => table.columns.map((column) => column[row]);
