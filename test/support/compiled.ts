import { spawnSync } from 'node:child_process';

/** Once per test run, and only when a test that needs it runs: compiles the program that the tests start as processes. */
export default function setup(): void {
  const built = spawnSync(process.execPath, ['scripts/build.mjs'], { encoding: 'utf8' });
  if (built.status !== 0) throw new Error(`The build failed:\n${built.stdout}${built.stderr}`);
}
