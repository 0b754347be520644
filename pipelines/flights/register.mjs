// Puts the model into the registry folder under a version that is the hash of its content (so that a second attempt
// changes nothing), beside a card that says what it was made from.
import { createHash } from 'node:crypto';
import { copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { FEATURES } from './lib/table.mjs';
import { writeJson, writeOutputs } from './lib/task.mjs';

const { values } = parseArgs({
  options: {
    model: { type: 'string' },
    registry: { type: 'string' },
    data: { type: 'string' },
    scores: { type: 'string' },
    run: { type: 'string' },
  },
});

const sha256 = (content) => createHash('sha256').update(content).digest('hex');

/** One hash over the programs that made the model, by name and content. */
async function codeVersion() {
  const here = new URL('.', import.meta.url);
  const names = (await readdir(here, { recursive: true }))
    .filter((name) => /\.(mjs|yaml)$/.test(name))
    .sort();
  const contents = await Promise.all(names.map((name) => readFile(new URL(name, here), 'utf8')));
  return sha256(JSON.stringify(names.map((name, i) => [name, contents[i]])));
}

const model = await readFile(values.model, 'utf8');
const version = sha256(model).slice(0, 12);
const { options, model: _model, example: _example, ...scores } = JSON.parse(values.scores);
const { source, bytes, sha256: dataSha256 } = JSON.parse(values.data);
const card = {
  name: 'flight-delay',
  version,
  target: 'arrives more than 15 minutes late, asked at departure',
  features: FEATURES,
  scores,
  lineage: {
    data: { source, bytes, sha256: dataSha256 },
    options,
    codeSha256: await codeVersion(),
    modelSha256: sha256(model),
    run: values.run,
    node: process.version,
  },
};

const home = join(values.registry, card.name, version);
await mkdir(home, { recursive: true });
await copyFile(values.model, join(home, 'model.json'));
await writeFile(join(home, 'card.json'), `${JSON.stringify(card, null, 2)}\n`);
await writeJson('card.json', card);
console.log(`registered ${card.name} ${version} in ${home}`);
await writeOutputs({ version, card: { $file: 'card.json' } });
