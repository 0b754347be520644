/** The folder boundaries of ARCHITECTURE.md: arrows point inward, rooms are entered by their door (index.ts). */
const room = (name) => `^${name}/`;
const only = (name, from, allowed, comment) => ({
  name,
  comment,
  severity: 'error',
  from: { path: from },
  to: { path: '^(src|workflows|activities|workers)/', pathNot: allowed },
});

module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    only(
      'domain-knows-nobody',
      room('src/domain'),
      [room('src/domain')],
      'The domain is the innermost room.',
    ),
    only('forecast-knows-domain', room('src/forecast'), [room('src/forecast'), room('src/domain')]),
    only('planner-knows-forecast', room('src/planner'), [
      room('src/planner'),
      room('src/forecast'),
      room('src/domain'),
    ]),
    only('simulator-knows-planner', room('src/simulator'), [
      room('src/simulator'),
      room('src/planner'),
      room('src/forecast'),
      room('src/domain'),
    ]),
    only('ledger-knows-planner', room('src/ledger'), [
      room('src/ledger'),
      room('src/planner'),
      room('src/forecast'),
      room('src/domain'),
    ]),
    only('api-knows-ledger', room('src/api'), [
      room('src/api'),
      room('src/ledger'),
      room('src/planner'),
      room('src/forecast'),
      room('src/domain'),
      '^activities/tasks/index',
      '^activities/artifacts/index',
    ]),
    only(
      'workflows-know-domain',
      room('workflows'),
      [room('workflows'), room('src/domain')],
      'Workflow code is deterministic and knows no resources.',
    ),
    only('activities-know-domain', room('activities'), [
      room('activities'),
      room('src/domain'),
      room('src/ledger'),
    ]),
    only(
      'tasks-have-no-database',
      room('activities/(tasks|artifacts)'),
      [room('activities'), room('src/domain')],
      'Pool workers hold no database credentials.',
    ),
    {
      name: 'only-cli-and-embedded-start-things',
      severity: 'error',
      from: { path: '^(src|workflows|activities)/', pathNot: '^src/(cli|embedded)/' },
      to: { path: '^(workers/|src/embedded/)' },
    },
    {
      name: 'pure-rooms-do-no-io',
      severity: 'error',
      from: { path: '^src/(domain|forecast|planner|simulator)/' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'pure-rooms-know-no-servers',
      severity: 'error',
      from: { path: '^src/(domain|forecast|planner|simulator)/' },
      to: { path: 'node_modules/(@temporalio|kysely|pg|@electric-sql|express|pino)/' },
    },
    {
      name: 'workflow-door-stays-lean',
      comment: 'Temporal loads the bundle for each workflow; documents are parsed before a run starts.',
      severity: 'error',
      from: { path: '^src/domain/pipeline/runtime' },
      to: { path: 'node_modules/yaml/', reachable: true },
    },
    {
      name: 'rooms-have-doors',
      severity: 'error',
      from: { path: '^src/([^/]+)/' },
      to: { path: '^src/([^/]+)/.+', pathNot: ['^src/$1/', '/index\\.ts$'] },
    },
  ],
  options: {
    parser: 'swc',
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { extensions: ['.ts', '.js', '.json'] },
  },
};
