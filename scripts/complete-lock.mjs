// npm leaves optional packages of other platforms out of package-lock.json when it cannot fetch them (npm/cli#4828); an
// `npm ci` then refuses the lock file, and on those platforms the native parts of DuckDB, SWC and others are missing.
// Puts them in: node scripts/complete-lock.mjs
import { readFileSync, writeFileSync } from 'node:fs';

const file = new URL('../package-lock.json', import.meta.url);
const lock = JSON.parse(readFileSync(file, 'utf8'));
const OS = ['android', 'darwin', 'freebsd', 'linux', 'openharmony', 'win32'];
const CPU = ['arm64', 'arm', 'ia32', 'loong64', 'ppc64', 'riscv64', 's390x', 'x64'];

/** The platform that a package is for, as its name tells. */
function platformOf(name) {
  const words = name.split(/[-/]/);
  const find = (known) => known.filter((word) => words.includes(word)).slice(0, 1);
  const libc = words.some((word) => word.startsWith('musl'))
    ? ['musl']
    : words.includes('gnu')
      ? ['glibc']
      : [];
  const [os, cpu] = [find(OS), find(CPU)];
  return { ...(cpu.length > 0 && { cpu }), ...(os.length > 0 && { os }), ...(libc.length > 0 && { libc }) };
}

for (const [path, { optionalDependencies = {}, dev, devOptional }] of Object.entries(lock.packages)) {
  if (path === '') continue;
  for (const [name, version] of Object.entries(optionalDependencies)) {
    const isThere = Object.keys(lock.packages).some((key) => key.endsWith(`node_modules/${name}`));
    if (isThere || !/^\d+\.\d+\.\d+\S*$/.test(version)) continue;
    lock.packages[`node_modules/${name}`] = {
      version,
      ...(dev && { dev }),
      ...(devOptional && { devOptional }),
      optional: true,
      ...platformOf(name),
    };
    console.log(`added ${name}@${version}`, JSON.stringify(platformOf(name)));
  }
}
const byPath = Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1));
writeFileSync(file, `${JSON.stringify({ ...lock, packages: Object.fromEntries(byPath) }, null, 2)}\n`);
