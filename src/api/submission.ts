import { randomBytes } from 'node:crypto';
import type { z } from 'zod';
import {
  checkPipeline,
  durationSeconds,
  MAX_SPEC_BYTES,
  type Params,
  type Pipeline,
  type RunSpec,
  readParameters,
  readPipeline,
  runId,
  SignalboxError,
} from '../domain/index.js';
import type { startRun } from './requests.js';

/** Crockford's base32 in lower case: no i, l, o or u, so that an id survives being read aloud. */
const BASE32 = '0123456789abcdefghjkmnpqrstvwxyz';

/** A new run's id: the pipeline's name and 40 random bits. */
const newRunId = (pipeline: string) =>
  runId(`${pipeline}-${[...randomBytes(8)].map((byte) => BASE32[byte % 32]).join('')}`);

/** What a checked request starts. Throws `invalid-document` and `invalid-parameter` with every mistake, and `payload-too-large`. */
export const runSpecOf = (body: z.output<typeof startRun>, nowMs: number): RunSpec => {
  const pipeline = documentOf(body.document);
  const deadline = body.deadline ?? pipeline.deadline;
  const spec = {
    runId: newRunId(pipeline.name),
    pipeline,
    params: paramsOf(pipeline, body.params),
    priorityClass: body.priority ?? pipeline.priority,
    tenant: body.tenant ?? pipeline.tenant,
    ...(deadline === undefined ? {} : { deadlineAtMs: deadlineAtMs(deadline, nowMs) }),
  };
  refuseTooLarge(spec);
  return spec;
};

/** Temporal would never start it: the run would be accepted, and wait for ever. */
const refuseTooLarge = (spec: RunSpec): void => {
  const bytes = Buffer.byteLength(JSON.stringify(spec));
  if (bytes <= MAX_SPEC_BYTES) return;
  throw new SignalboxError(
    'payload-too-large',
    `The document, its defaults filled in, and the parameters take ${bytes} bytes; a run may have ${MAX_SPEC_BYTES}.`,
  );
};

const documentOf = (document: z.output<typeof startRun>['document']): Pipeline => {
  const read = typeof document === 'string' ? readPipeline(document) : checkPipeline(document);
  if ('pipeline' in read) return read.pipeline;
  throw new SignalboxError(
    'invalid-document',
    `The pipeline document has ${mistakes(read.problems)}.`,
    read.problems,
  );
};

const paramsOf = (pipeline: Pipeline, given: Params): Params => {
  const read = readParameters(pipeline, given);
  if ('params' in read) return read.params;
  throw new SignalboxError(
    'invalid-parameter',
    `The parameters have ${mistakes(read.problems)}.`,
    read.problems,
  );
};

const mistakes = ({ length }: readonly unknown[]): string =>
  length === 1 ? '1 mistake' : `${length} mistakes`;

/** A deadline from now on, or an RFC 3339 time, as epoch milliseconds. */
export const deadlineAtMs = (deadline: number | string, nowMs: number): number => {
  const seconds = durationSeconds(deadline);
  return Number.isNaN(seconds) ? Date.parse(String(deadline)) : Math.round(nowMs + seconds * 1000);
};
