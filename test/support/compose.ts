import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

/** A service of the compose file, as far as the tests look at it. */
export interface Service {
  readonly image: string;
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string | number>>;
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
}

/** docker-compose.yml with its anchors and merges resolved, its variables not yet. */
export const composeFile = () =>
  parse(readFileSync('docker-compose.yml', 'utf8'), { merge: true }) as {
    readonly services: Readonly<Record<string, Service>>;
    readonly volumes: Readonly<Record<string, unknown>>;
  };

/** The services that run our image. */
export const ownServices = (): ReadonlyMap<string, Service> =>
  new Map(Object.entries(composeFile().services).filter(([, { image }]) => image === 'signalbox'));

/** The variables that a text takes from `.env`: `${NAME:?why}`. */
export const variablesOf = (text: string): string[] =>
  [...text.matchAll(/\$\{(\w+)/g)].map(([, name = '']) => name);

/** Puts the variables' values into a text, as `docker compose` does. Throws where a required one is missing. */
export const substitute = (text: string, values: Readonly<Record<string, string>>): string =>
  text.replace(/\$\{(\w+):\?([^}]*)\}/g, (_, name: string, why: string) => {
    const value = values[name];
    if (!value) throw new Error(`${name}: ${why}`);
    return value;
  });
