/**
 * The import rules of the house (docs/architecture.md). Each is an error.
 * shared ← platform ← modules ← app modules ← main
 */
const feature = 'src/modules/([^/]+)/';

module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'shared-imports-nothing-of-ours',
      severity: 'error',
      from: { path: '^src/shared/' },
      to: { path: '^src/(?!shared/)' },
    },
    {
      name: 'platform-knows-no-module',
      severity: 'error',
      from: { path: '^src/platform/' },
      to: { path: '^src/(?!shared/|platform/)' },
    },
    {
      name: 'modules-know-no-app',
      severity: 'error',
      from: { path: '^src/modules/' },
      to: { path: '^src/(?!shared/|platform/|modules/)' },
    },
    {
      name: 'module-entered-through-its-index',
      severity: 'error',
      from: { path: `^${feature}` },
      to: { path: `^${feature}`, pathNot: [`^src/modules/$1/`, '^src/modules/[^/]+/index\\.ts$'] },
    },
    {
      name: 'app-enters-modules-through-their-surface',
      comment: 'App modules wire a module from its index, its http module and its worker module.',
      severity: 'error',
      from: { path: '^src/[^/]+$' },
      to: {
        path: `^${feature}`,
        pathNot: ['^src/modules/[^/]+/(index|[^/]+\\.(http|worker)\\.module)\\.ts$'],
      },
    },
    {
      name: 'core-knows-no-feature',
      comment: 'Features call coin-account, logs and monitoring, never the other way round.',
      severity: 'error',
      from: { path: '^src/modules/(coin-account|logs|monitoring)/' },
      to: { path: '^src/modules/(?!coin-account/|logs/|monitoring/|auth/|audit/)' },
    },
    {
      name: 'bullmq-only-in-platform-queue',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/platform/queue/' },
      to: { path: '(^|/)node_modules/(bullmq|@nestjs/bullmq)/' },
    },
    {
      name: 'ioredis-only-in-platform-redis',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/platform/redis/' },
      to: { path: '(^|/)node_modules/ioredis/' },
    },
    {
      name: 'socket-io-only-in-platform-websocket',
      comment: 'Gateways are written with @nestjs/websockets, which knows no transport.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/platform/websocket/' },
      to: {
        path: '(^|/)node_modules/(socket\\.io|socket\\.io-adapter|@socket\\.io/[^/]+|@nestjs/platform-socket\\.io)/',
      },
    },
    {
      name: 'typeorm-only-behind-the-repository',
      severity: 'error',
      from: {
        path: '^src/',
        pathNot: ['^src/platform/database/', '/entities/', '\\.repository\\.ts$', '\\.module\\.ts$'],
      },
      to: { path: '(^|/)node_modules/(typeorm|@nestjs/typeorm|mysql2)/' },
    },
    {
      name: 'domain-imports-no-framework',
      severity: 'error',
      from: { path: '/domain/', pathNot: '\\.spec\\.ts$' },
      to: { path: '(^|/)node_modules/(?!zod/)' },
    },
    {
      name: 'no-unresolved',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
};
