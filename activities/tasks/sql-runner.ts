import { readFileSync, writeFileSync } from 'node:fs';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';

/** What the runner is given, as a JSON file named on its command line. */
export interface SqlJob {
  readonly statements: readonly string[];
  readonly assertions: readonly { readonly name: string; readonly sql: string }[];
  readonly folder: string;
  /** Where to write the outputs, the progress, and a `SqlVerdict` if it fails. */
  readonly output: string;
  readonly progress: string;
  readonly verdict: string;
  readonly threads: number;
  readonly memoryBytes: number | null;
}

/** Why it failed. */
export interface SqlVerdict {
  readonly code: string;
  readonly message: string;
}

type Row = Record<string, unknown>;

const EXCERPT_CHARS = 300;

const open = async ({ folder, threads, memoryBytes }: SqlJob): Promise<DuckDBConnection> => {
  const instance = await DuckDBInstance.create(':memory:', {
    threads: String(threads),
    temp_directory: `${folder}/duckdb-temp`,
    ...(memoryBytes === null ? {} : { memory_limit: `${memoryBytes}B` }),
  });
  return instance.connect();
};

/** The first row that a text's last statement gives; the statements run in order. */
const firstRow = async (connection: DuckDBConnection, sql: string): Promise<Row | undefined> => {
  const reader = await connection.runAndReadUntil(sql, 1);
  return reader.getRowObjectsJS()[0] as Row | undefined;
};

const statements = async (connection: DuckDBConnection, job: SqlJob): Promise<Row> => {
  let row: Row | undefined;
  for (const [index, sql] of job.statements.entries()) {
    row = await firstRow(connection, sql).catch((error) => {
      throw complaint(error, `statement ${index + 1}`, sql);
    });
    writeFileSync(job.progress, String((index + 1) / (job.statements.length + job.assertions.length)));
  }
  return row ?? {};
};

/** Runs every rule, so that one failure tells of all that is wrong with the data. */
const assertions = async (connection: DuckDBConnection, job: SqlJob): Promise<void> => {
  const broken: string[] = [];
  for (const { name, sql } of job.assertions) {
    const rule = sql.trim().replace(/;$/, '');
    try {
      const example = await firstRow(connection, `SELECT * FROM (${rule}\n) LIMIT 1`);
      if (example === undefined) continue;
      const counted = await firstRow(connection, `SELECT count(*) AS n FROM (${rule}\n)`);
      broken.push(`${name}: ${counted?.n} rows, such as ${excerpt(toJson(example))}`);
    } catch (error) {
      throw complaint(error, `assertion ${name}`, sql);
    }
  }
  if (broken.length > 0) throw new SqlFailure('assertion-failed', broken.join('\n'));
};

/** JSON of a row: whole numbers stay numbers while exact and become text beyond, dates become ISO texts. */
const toJson = (row: Row): string =>
  JSON.stringify(row, (_name, value) => {
    if (typeof value !== 'bigint') return value;
    return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  });

const excerpt = (text: string) => (text.length > EXCERPT_CHARS ? `${text.slice(0, EXCERPT_CHARS)}…` : text);

class SqlFailure extends Error {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

/** DuckDB's own complaint, with the text that it is about. */
const complaint = (error: unknown, about: string, sql: string): SqlFailure => {
  const { message } = error as Error;
  const code = message.startsWith('Out of Memory') ? 'out-of-memory' : 'sql-error';
  return new SqlFailure(code, `${message}\nIn ${about}: ${excerpt(sql)}`);
};

const main = async (job: SqlJob): Promise<void> => {
  try {
    const connection = await open(job);
    const row = await statements(connection, job);
    await assertions(connection, job);
    writeFileSync(job.output, toJson(row));
  } catch (error) {
    const { message, code } = error as SqlFailure;
    writeFileSync(job.verdict, JSON.stringify({ code: code ?? 'sql-error', message } satisfies SqlVerdict));
    process.exitCode = 1;
  }
};

await main(JSON.parse(readFileSync(process.argv[2] as string, 'utf8')));
