// Serves the registered model over HTTP. With --example it calls itself once, as a client would, checks the answer
// against the one the evaluation gave for the same flight, and stops.
import { once } from 'node:events';
import { createServer } from 'node:http';
import { json } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import { predict } from './lib/boosting.mjs';
import { FEATURES } from './lib/table.mjs';
import { readJson, writeOutputs } from './lib/task.mjs';

const { values } = parseArgs({
  options: {
    model: { type: 'string' },
    port: { type: 'string', default: '0' },
    example: { type: 'string' },
  },
});
const model = await readJson(values.model);

async function answer(request, response) {
  const flight = await json(request).catch(() => null);
  const features = FEATURES.map((name) => flight?.[name]);
  const missing = FEATURES.filter((_, i) => !Number.isFinite(features[i]));
  const status = missing.length > 0 ? 400 : 200;
  const body =
    status === 200 ? { probability: predict(model, features) } : { error: 'missing numbers', missing };
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

const server = createServer(answer).listen(Number(values.port), '127.0.0.1');
await once(server, 'listening');
const address = `http://127.0.0.1:${server.address().port}`;
console.log(`serving at ${address}`);

if (values.example) {
  const { flight, probability } = await readJson(values.example);
  const startedMs = performance.now();
  const response = await fetch(address, { method: 'POST', body: JSON.stringify(flight) });
  const served = await response.json();
  const latencyMs = performance.now() - startedMs;
  if (served.probability !== probability) {
    throw new Error(`served ${JSON.stringify(served)}, but the evaluation gave ${probability}`);
  }
  console.log(`asked once: late with probability ${probability.toFixed(3)}`);
  await writeOutputs({ probability, status: response.status, latencyMs });
  server.close();
}
