import { z } from 'zod';
import type { JsonSchema } from '../document/json-schema.js';
import { pipelineSchema } from './schema.js';

let made: JsonSchema | undefined;

/** The JSON Schema (draft 2020-12) of a pipeline document, for editors: keys with their help, types, allowed values. */
export const pipelineJsonSchema = (): JsonSchema => {
  made ??= {
    title: 'Signalbox pipeline',
    ...(z.toJSONSchema(pipelineSchema, { io: 'input' }) as JsonSchema),
  };
  return made;
};
