// The direction rules of DESIGN.md ("Layout"), as `npm test` holds them: main →
// cli → app → rpc → workflow → lease, actor and the ports; adapters implement
// ports. A type import counts as an import. Each part lists what it may import;
// everything else inside src/ is refused, so that a new folder needs a line here.

/** Part → where it is. A port is a file directly below store/ or runtime/; what is deeper is an adapter. */
const parts = {
  main: '^src/main[.]ts$',
  cli: '^src/cli/',
  app: '^src/app[.]ts$',
  config: '^src/config[.]ts$',
  settings: '^src/settings[.]ts$',
  telemetry: '^src/telemetry/',
  client: '^src/client/',
  conformance: '^src/conformance/',
  rpc: '^src/rpc/',
  workflow: '^src/workflow/',
  lease: '^src/lease/',
  ports: '^src/(store|runtime)/[^/]+[.]ts$',
  redis: '^src/store/redis/',
  places: '^src/runtime/places/',
  process: '^src/runtime/process/',
  docker: '^src/runtime/docker/',
  atelet: '^src/runtime/atelet/',
  grpc: '^src/runtime/grpc/',
  actor: '^src/actor/',
  errors: '^src/errors[.]ts$',
  clock: '^src/clock[.]ts$',
  generated: '^src/generated/',
};

const base = ['actor', 'errors', 'clock'];
const domain = [...base, 'lease', 'ports', 'workflow'];
const adapters = ['redis', 'places', 'process', 'docker', 'atelet', 'grpc'];

/** Part → what it may import besides itself: parts, or paths. */
const mayImport = {
  main: ['cli', 'config', 'settings'],
  cli: ['app', 'config', 'settings', 'telemetry', 'client', 'conformance', 'rpc', 'generated', ...domain, ...adapters],
  app: ['config', 'telemetry', 'rpc', ...domain, ...adapters],
  config: ['settings', '^src/lease/timings[.]ts$', '^src/store/redis-url[.]ts$'],
  telemetry: ['clock'],
  // What a caller installs must not carry the service along.
  client: ['^src/rpc/(proto|status[^/]*|time|struct)[.]ts$', 'errors', 'clock', 'generated'],
  // The other end of a node runtime's service, like grpc below; it takes nothing of a coordinator along.
  conformance: [...base, 'ports', 'generated', '^src/rpc/(proto|status[^/]*|encode)[.]ts$'],
  rpc: ['generated', ...domain],
  workflow: [...base, 'lease', 'ports'],
  lease: base,
  ports: [...base, 'lease'],
  redis: [...base, 'lease', 'ports'],
  // What runtimes for programs on this machine share; each kind of program is an adapter of its own.
  places: [...base, 'ports'],
  process: [...base, 'ports', 'places'],
  docker: [...base, 'ports', 'places'],
  atelet: [...base, 'ports', 'places', 'generated', '^src/runtime/grpc/runtime-error[.]ts$'],
  // The other end of the calls that rpc serves: it shares their definitions and codecs, and no handler.
  grpc: [...base, 'ports', 'generated', '^src/rpc/(proto|status[^/]*|encode)[.]ts$'],
  actor: [],
  errors: [],
  clock: [],
  generated: [],
};

/** Package → the parts that may import it. */
const packages = {
  ioredis: ['redis'],
  dockerode: ['docker'],
  '@grpc/grpc-js': ['rpc', 'client', 'conformance', 'grpc', 'atelet', 'generated'],
  '@grpc/proto-loader': ['rpc', 'atelet', 'generated'],
  commander: ['main', 'cli'],
};

const where = (name) => parts[name] ?? name;

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    ...Object.entries(mayImport).map(([part, allowed]) => ({
      name: `${part}-imports-only`,
      comment: `${part} may import ${allowed.join(', ') || 'nothing else of src/'}`,
      severity: 'error',
      from: { path: where(part) },
      to: { path: '^(src|test|scripts|dist)/', pathNot: [part, ...allowed].map(where) },
    })),
    ...Object.entries(packages).map(([name, users]) => ({
      name: `${name}-only-in`,
      comment: `${name} may be imported by ${users.join(', ')}`,
      severity: 'error',
      from: { path: '^src/', pathNot: users.map(where) },
      to: { path: `(^|/)node_modules/${name}/` },
    })),
    {
      name: 'every-file-in-a-part',
      comment: 'a new place in src/ needs a line in .dependency-cruiser.cjs',
      severity: 'error',
      from: { path: '^src/', pathNot: Object.values(parts) },
      to: {},
    },
    {
      name: 'generated-is-types',
      comment: 'src/generated is imported with `import type`: codecs come from rpc/proto.ts',
      severity: 'error',
      from: { path: '^src/', pathNot: where('generated') },
      to: { path: where('generated'), dependencyTypesNot: ['type-only'] },
    },
    { name: 'no-cycle', severity: 'error', from: {}, to: { circular: true, pathNot: where('generated') } },
    {
      name: 'no-unresolved',
      comment: 'dist/ is built after the rules have been checked',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true, pathNot: '(^|/)dist/|^actor-coordinator/' },
    },
    {
      name: 'no-dev-dependency',
      comment: 'what src/ imports must be installed with it; types vanish',
      severity: 'error',
      from: { path: '^src/' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'no-test-in-src',
      comment: 'examples and tests use the program; it does not know them',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(test|examples|bench)/' },
    },
  ],
  options: {
    doNotFollow: { path: '(^|/)node_modules/|^dist/' },
    // Counts `import type` too, which the compiler removes.
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default'] },
  },
};
