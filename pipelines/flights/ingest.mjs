// Brings the raw data into the workspace, from a path or an address, and says exactly which bytes they were.
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { folder, writeOutputs } from './lib/task.mjs';

async function open(source) {
  if (!/^https?:/.test(source)) return createReadStream(source);
  const answer = await fetch(source);
  if (!answer.ok) throw new Error(`${source} answered ${answer.status}`);
  return Readable.fromWeb(answer.body);
}

const [source] = process.argv.slice(2);
const hash = createHash('sha256');
let bytes = 0;
const meter = new Transform({
  transform(chunk, _encoding, done) {
    hash.update(chunk);
    bytes += chunk.length;
    done(null, chunk);
  },
});
await pipeline(await open(source), meter, createWriteStream(join(folder, 'flights.parquet')));
await writeOutputs({ flights: { $file: 'flights.parquet' }, source, bytes, sha256: hash.digest('hex') });
