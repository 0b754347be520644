import { Router } from 'express';
import type { Ledger, RecordedPart } from '../../ledger/index.js';
import { parse, recordingQuery, recordingsQuery } from '../requests.js';
import type { RecordedParts, RecordingList } from '../schemas.js';

/** The planner's cycles as they were recorded, for whoever plans them again: that takes time, and is not for the process that plans. */
export const recordingRoutes = (ledger: Ledger): Router => {
  const routes = Router();
  routes.get('/recordings', async (request, response) => {
    const { from, to } = parse(recordingsQuery, request.query);
    const recordings = await ledger.listRecordings({ fromMs: Date.parse(from), toMs: Date.parse(to) });
    const versions = [...new Set(recordings.map(({ policyVersion }) => policyVersion))];
    const policies = await Promise.all(versions.map((version) => ledger.getPolicy(version)));
    response.json({
      recordings: recordings.map((recording) => ({ ...recording })),
      policies: policies.map(({ version, text }) => ({ version, text })),
    } satisfies RecordingList);
  });
  routes.get('/recordings/:writer', async (request, response) => {
    const page = parse(recordingQuery, request.query);
    const parts = await ledger.readRecording({ writer: request.params.writer, ...page });
    response.json({ parts: parts.map(presentPart) } satisfies RecordedParts);
  });
  return routes;
};

const presentPart = (part: RecordedPart): RecordedParts['parts'][number] => {
  if (part.plan === null) {
    const { sequence, policyVersion, changes } = part;
    return { kind: 'snapshot', sequence, policyVersion, changes };
  }
  const { pools, asked } = part.scope;
  return { kind: 'cycle', ...part, scope: { pools: [...pools], asked: [...asked] } };
};
