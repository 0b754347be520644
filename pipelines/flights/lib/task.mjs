// What Signalbox gives a command through its environment. Run by hand, a program works in the current folder.
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The attempt's own folder: files that are outputs belong here. */
export const folder = process.env.SIGNALBOX_DIR ?? '.';

/** Writes in one step, so that a kill at any moment leaves the old file or the new one, never half of one. */
async function replaceFile(path, text) {
  await writeFile(`${path}.new`, text);
  await rename(`${path}.new`, path);
}

/** Names what the task gives to others: small values, and files of its folder as `{ $file: 'name' }`. */
export async function writeOutputs(outputs) {
  const text = `${JSON.stringify(outputs, null, 2)}\n`;
  if (process.env.SIGNALBOX_OUTPUT) await replaceFile(process.env.SIGNALBOX_OUTPUT, text);
  else process.stdout.write(text);
}

/** Tells how far the task is, 0 to 1. */
export async function reportProgress(fraction) {
  if (process.env.SIGNALBOX_PROGRESS) await replaceFile(process.env.SIGNALBOX_PROGRESS, String(fraction));
}

const checkpointFolder = process.env.SIGNALBOX_CHECKPOINT_DIR ?? './checkpoint';
const checkpointFile = join(checkpointFolder, 'checkpoint.json');

/** The last checkpoint, of this attempt or an earlier one, or null. */
export async function loadCheckpoint() {
  const text = await readFile(checkpointFile, 'utf8').catch(() => null);
  return text === null ? null : JSON.parse(text);
}

/** Keeps the state that a later attempt goes on from. */
export async function saveCheckpoint(state) {
  await mkdir(checkpointFolder, { recursive: true });
  await replaceFile(checkpointFile, JSON.stringify(state));
}

/** Reads a JSON file. */
export const readJson = async (path) => JSON.parse(await readFile(path, 'utf8'));
/** Writes a JSON file into the attempt's folder, to be named in the outputs. */
export const writeJson = (name, value) => writeFile(join(folder, name), `${JSON.stringify(value)}\n`);
