import { pipelineJsonSchema } from '../../domain/index.js';
import { printJson } from '../output/terminal.js';

/** `signalbox schema`: the JSON Schema of pipeline documents, for editors. */
export const schema = async (): Promise<void> => printJson(pipelineJsonSchema());
