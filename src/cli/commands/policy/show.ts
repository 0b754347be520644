import { type ApiOptions, openClient } from '../../address.js';
import { printJson } from '../../output/terminal.js';

/** `signalbox policy show [VERSION]`: a stored document as it was written; the one in force where none is named. */
export const showPolicy = async (version: string | undefined, options: ApiOptions): Promise<void> => {
  const found = await openClient(options).getPolicy(version);
  if (options.json) return printJson(found);
  process.stdout.write(found.text.endsWith('\n') ? found.text : `${found.text}\n`);
};
