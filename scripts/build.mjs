// Compiles to dist/ and bundles the workflow code once, so that a control worker starts without webpack.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const compiled = spawnSync(
  process.execPath,
  ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'],
  {
    cwd: root,
    stdio: 'inherit',
  },
);
if (compiled.status !== 0) process.exit(compiled.status ?? 1);

const workflows = `${root}dist/workflows/index.js`;
if (existsSync(workflows)) {
  const { bundleWorkflowCode, DefaultLogger } = await import('@temporalio/worker');
  const { writeFile } = await import('node:fs/promises');
  const { code } = await bundleWorkflowCode({
    workflowsPath: workflows,
    preloadModules: [`${root}dist/workflows/preload.js`],
    logger: new DefaultLogger('WARN'),
  });
  await writeFile(`${root}dist/workflow-bundle.js`, code);
}
