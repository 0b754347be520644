import { asText, render, type Scope } from './expressions.js';
import type { Task } from './schema.js';

/**
 * The services outside that a task calls, as host or host:port: those that it names, and where its work is a request, whom it asks.
 * Throws `invalid-expression` where the address has an expression that fails.
 */
export const endpointsOf = (
  { run, placement }: Pick<Task, 'run' | 'placement'>,
  scope: Scope,
): readonly string[] => {
  const named = placement?.endpoints ?? [];
  const host = 'http' in run ? hostOf(asText(render(run.http.url, scope))) : undefined;
  return host === undefined || named.includes(host) ? named : [...named, host];
};

/** By hand: within a workflow there is no `URL`. */
const hostOf = (url: string): string | undefined =>
  /^https?:\/\/(?:[^/?#@]*@)?([^/?#]+)/i.exec(url)?.[1]?.toLowerCase();
