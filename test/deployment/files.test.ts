import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { composeFile, ownServices, variablesOf } from '../support/compose.js';

const dockerfile = readFileSync('Dockerfile', 'utf8');
const { services, volumes } = composeFile();
const all = Object.entries(services);

/** What `npm ci` and `npm run build` bring forth; everything else must stand in the repository. */
const BUILT = ['node_modules', 'dist'];
const inRepository = (path: string) =>
  BUILT.includes(path.split('/')[0] ?? '') || existsSync(path.replace(/^\/app\//, ''));

describe('the Dockerfile', () => {
  it('copies only what exists and what .dockerignore lets in', () => {
    const sources = [...dockerfile.matchAll(/^COPY (?:--\S+ )?(.+) \S+$/gm)]
      .flatMap(([, list = '']) => list.split(' '))
      .map((path) => path.replace(/^\/app\//, ''));
    const allowed = readFileSync('.dockerignore', 'utf8')
      .split('\n')
      .filter((line) => line.startsWith('!'))
      .map((line) => line.slice(1));
    expect(sources.length).toBeGreaterThan(8);
    expect(sources.filter((path) => !inRepository(path))).toEqual([]);
    expect(sources.filter((path) => ![...allowed, ...BUILT, '.'].includes(path))).toEqual([]);
    expect(allowed.filter((path) => !existsSync(path))).toEqual([]);
  });

  it('starts and checks programs that exist, and not as root', () => {
    const programs = [...dockerfile.matchAll(/\/app\/[\w./-]+\.m?js\b/g)].map(([path]) => path);
    expect(programs.length).toBeGreaterThan(1);
    expect(programs.filter((path) => !inRepository(path))).toEqual([]);
    expect(dockerfile).toMatch(/^USER node$/m);
    expect(dockerfile.indexOf('USER node')).toBeLessThan(dockerfile.indexOf('ENTRYPOINT'));
  });
});

describe('the compose file', () => {
  it('opens ports on the loopback address only', () => {
    const ports = all.flatMap(([, service]) => service.ports ?? []);
    expect(ports.length).toBeGreaterThan(0);
    expect(ports.filter((port) => !port.startsWith('127.0.0.1:'))).toEqual([]);
  });

  it('holds no secret: each comes from .env and has no default', () => {
    const secrets = all.flatMap(([name, { environment = {} }]) =>
      Object.entries(environment)
        .filter(([key]) => /PASSWORD|PWD|TOKEN|SECRET|DATABASE_URL/.test(key))
        .map(([key, value]) => [`${name}.${key}`, String(value)] as const),
    );
    expect(secrets.length).toBeGreaterThan(6);
    expect(secrets.filter(([, value]) => !/\$\{\w+:\?[^}]+\}/.test(value))).toEqual([]);
  });

  it('asks for the variables that .env.example lists, which gives none a value', () => {
    const listed = readFileSync('.env.example', 'utf8')
      .split('\n')
      .filter((line) => /^\w/.test(line));
    const asked = new Set(variablesOf(JSON.stringify(services)));
    expect(listed.map((line) => line.split('=')[0])).toEqual([...asked].sort(byPlaceIn(listed)));
    expect(listed.filter((line) => !line.endsWith('='))).toEqual([]);
  });

  it('waits only for services that can tell of their health, or that end', () => {
    const waits = all.flatMap(([name, { depends_on = {} }]) =>
      Object.entries(depends_on).map(([other, { condition }]) => ({ name, other, condition })),
    );
    const checked = (name: string) => services[name]?.healthcheck !== undefined || ownServices().has(name);
    expect(waits.filter(({ other }) => services[other] === undefined)).toEqual([]);
    expect(
      waits.filter(({ other, condition }) => condition === 'service_healthy' && !checked(other)),
    ).toEqual([]);
  });

  it('uses volumes that it declares and files that exist', () => {
    const sources = all
      .flatMap(([, service]) => service.volumes ?? [])
      .map((volume) => volume.split(':')[0] ?? '');
    const missing = sources.filter((source) =>
      source.startsWith('.') ? !existsSync(source) : !(source in volumes),
    );
    expect(missing).toEqual([]);
  });

  it('has a worker for every pool', () => {
    const pools = [...ownServices().values()].map(
      ({ command = [] }) => command[command.indexOf('--pool') + 1],
    );
    expect(pools).toEqual(expect.arrayContaining(['gpu', 'cpu', 'io']));
  });
});

function byPlaceIn(lines: readonly string[]) {
  const place = (name: string) => lines.findIndex((line) => line.startsWith(`${name}=`));
  return (a: string, b: string) => place(a) - place(b);
}
