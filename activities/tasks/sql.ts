import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { JsonValue, SqlRun } from '../../src/domain/index.js';
import type { Attempt, Worked } from './attempt.js';
import { command, type ProgramSettings } from './command.js';
import { exchangeFiles } from './environment.js';
import { TaskFailure } from './failure.js';
import { publishFile } from './outputs.js';
import type { SqlJob, SqlVerdict } from './sql-runner.js';

/** DuckDB plans with this part of the lease's memory; the rest is for what it does not count and for Node.js itself. */
const MEMORY_SHARE = 0.8;

const FOLDER = /\$\{SIGNALBOX_DIR\}/g;

/** A path as it may stand within a quoted text of SQL. */
export const quoteSql = (path: string): string => path.replaceAll("'", "''");

/**
 * Runs SQL on DuckDB in a program of its own: four statements inside the worker would hold all threads of its libuv pool,
 * heartbeats would wait and the node would be fenced. As a program it is measured, limited and killed like any command.
 */
export const sql =
  (settings: ProgramSettings) =>
  async (run: SqlRun, attempt: Attempt): Promise<Worked> => {
    const job = join(attempt.folder, 'sql.json');
    const verdict = join(attempt.folder, 'sql-verdict.json');
    await writeFile(job, JSON.stringify(jobOf(run, attempt, verdict)));
    const program = { kind: 'command', command: [...RUNNER, job], env: {}, outputs: [] } as const;
    const worked = await command(settings)(program, attempt).catch(async (error) => {
      throw (await complaint(verdict)) ?? error;
    });
    return { ...worked, outputs: { ...worked.outputs, ...(await files(run, attempt)) } };
  };

const jobOf = (run: SqlRun, attempt: Attempt, verdict: string): SqlJob => {
  const { SIGNALBOX_OUTPUT, SIGNALBOX_PROGRESS } = exchangeFiles(attempt.folder);
  const { cores, memoryBytes } = attempt.input.lease.resources;
  const local = (text: string) => text.replace(FOLDER, quoteSql(attempt.folder));
  return {
    statements: run.statements.map(local),
    assertions: run.assertions.map(({ name, sql }) => ({ name, sql: local(sql) })),
    folder: attempt.folder,
    output: SIGNALBOX_OUTPUT,
    progress: SIGNALBOX_PROGRESS,
    verdict,
    threads: Math.max(1, cores),
    memoryBytes: memoryBytes > 0 ? Math.floor(memoryBytes * MEMORY_SHARE) : null,
  };
};

/** The runner stands beside this file: compiled in an installation, TypeScript in a checkout's tests. */
const RUNNER = import.meta.url.endsWith('.ts')
  ? [process.execPath, '--import', import.meta.resolve('tsx'), sibling('sql-runner.ts')]
  : [process.execPath, sibling('sql-runner.js')];

function sibling(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url));
}

const complaint = async (file: string): Promise<TaskFailure | null> => {
  const text = await readFile(file, 'utf8').catch(() => null);
  if (text === null) return null;
  const { code, message } = JSON.parse(text) as SqlVerdict;
  return new TaskFailure(code, message, { exitCode: 1 });
};

const files = async (run: SqlRun, attempt: Attempt): Promise<Record<string, JsonValue>> => {
  const published: Record<string, JsonValue> = {};
  for (const [name, path] of Object.entries(run.files)) {
    published[name] = await publishFile(attempt, path.replace(FOLDER, attempt.folder));
  }
  return published;
};
