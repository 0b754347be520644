import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { runProgram } from './run-program.js';
import { programOnPath, type Search, TEMPORAL_VERSION } from './temporal-search.js';

/** The official download as @temporalio/testing does it, in a process of its own so that the time limit can end it. */
export async function download(search: Search, folder: string): Promise<string> {
  const program = `require('@temporalio/testing').TestWorkflowEnvironment.createLocal({ server: { executable: {
    type: 'cached-download', downloadDir: process.argv[1], version: 'v${TEMPORAL_VERSION}' } } })
    .then((server) => server.teardown(), (error) => { console.error(error.message); process.exit(1); })`;
  await runProgram(process.execPath, ['--input-type=commonjs', '-e', program, folder], {
    cwd: import.meta.dirname,
    env: search.env,
    limitMs: search.limits.downloadMs,
  });
  const file = (await readdir(folder)).find((name) => name.startsWith('temporal'));
  if (file === undefined) throw new Error('the download left no program');
  return join(folder, file);
}

/** Builds the server from its public source. Without cgo: then Go alone is enough. */
export async function build(search: Search, folder: string): Promise<string> {
  const go = programOnPath(search.env, 'go');
  if (go === null) throw new Error('Go is not installed');
  search.progress(`Building the Temporal server ${TEMPORAL_VERSION} with Go: once, about 3 minutes …`);
  const begunAtMs = Date.now();
  const clock = setInterval(
    () => search.progress(`… still building (${Math.round((Date.now() - begunAtMs) / 1000)} s)`),
    20_000,
  );
  try {
    await runProgram(go, ['install', `github.com/temporalio/cli/cmd/temporal@v${TEMPORAL_VERSION}`], {
      cwd: folder,
      env: { ...search.env, GOBIN: folder, CGO_ENABLED: '0' },
      limitMs: search.limits.buildMs,
    });
  } finally {
    clearInterval(clock);
  }
  return join(folder, 'temporal');
}
