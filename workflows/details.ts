import type { Deferred, Granted } from '../src/domain/decision.js';
import type { Graph, Instance } from './graph.js';

/** Rows of the table: beyond it a person wants our own tools, and the text has a size limit. */
const MAX_ROWS = 60;
const ORDER = ['running', 'waiting', 'backing-off', 'failed', 'pending', 'succeeded', 'skipped', 'cancelled'];

/** The run as a Markdown table, for Temporal's Web UI. */
export const detailsOf = (graph: Graph, headline: string): string => {
  const all = [...graph.instances.values()];
  const shown = all.sort((a, b) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state)).slice(0, MAX_ROWS);
  const rest = all.length > shown.length ? `\n…and ${all.length - shown.length} more tasks` : '';
  const rows = shown.map(rowOf).join('\n');
  return `**${headline}**\n\n| task | state | queue | why it waits | ETA (UTC) |\n|---|---|---|---|---|\n${rows}${rest}`;
};

const rowOf = (instance: Instance): string => {
  const { verdict, state } = instance;
  const granted = verdict?.kind === 'granted' ? verdict : undefined;
  const deferred = state === 'waiting' && verdict?.kind === 'deferred' ? verdict : undefined;
  const attempt = instance.attempt > 1 ? ` (attempt ${instance.attempt})` : '';
  const why = deferred ? whyOf(deferred) : instance.error ? cell(instance.error.message) : '';
  return `| ${cell(instance.key)} | ${state}${attempt} | ${granted?.lease.taskQueue ?? ''} | ${why} | ${etaOf(deferred)} |`;
};

const whyOf = (deferred: Deferred): string => cell(deferred.blockers.map(({ detail }) => detail).join('; '));

const etaOf = (deferred: Deferred | undefined): string => {
  if (!deferred?.etaP50Ms) return '';
  const time = (ms: number) => new Date(ms).toISOString().slice(11, 19);
  return deferred.etaP90Ms
    ? `${time(deferred.etaP50Ms)} – ${time(deferred.etaP90Ms)}`
    : time(deferred.etaP50Ms);
};

/** The longest text of a cell: the table of a run of many tasks has to fit. */
const MAX_CELL = 300;

/** A text as it reads, whatever Markdown would make of it: `train[0] (about …)` were a link in Temporal's Web UI. */
const cell = (text: string): string => {
  const short = text.length > MAX_CELL ? `${text.slice(0, MAX_CELL - 1)}…` : text;
  return short.replaceAll(/[\\`*_[\]<>|]/g, '\\$&').replaceAll('\n', ' ');
};

/** One line on an activity: what, where, after what wait. */
export const summaryOf = (instance: Instance, granted: Granted): string => {
  const item = instance.item === undefined ? '' : ` ${itemText(instance)}`;
  const waited = granted.waitedSeconds < 1 ? 'did not wait' : `waited ${Math.round(granted.waitedSeconds)} s`;
  const again = instance.attempt > 1 ? `, attempt ${instance.attempt}` : '';
  return `${instance.task}${item} on ${granted.lease.taskQueue}, ${waited}${again}`;
};

const itemText = ({ item }: Instance): string => {
  const text =
    typeof item === 'object' && item !== null && !Array.isArray(item)
      ? Object.entries(item)
          .map(([key, value]) => `${key}=${typeof value === 'object' ? JSON.stringify(value) : value}`)
          .join(' ')
      : JSON.stringify(item);
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
};
