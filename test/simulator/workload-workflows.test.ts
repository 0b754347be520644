import { describe, expect, it } from 'vitest';
import {
  aloneSeconds,
  criticalPathSeconds,
  earliestEnds,
  evenFleet,
  readWorkflows,
} from '../../src/simulator/index.js';
import { aTable, jsonLines, mistakesOf, workflowsOf } from './builders.js';

/** Two tasks that need a first one, and a last one that needs both. The parents stand behind their children. */
const DIAMOND = {
  wf: 'montage-small-1',
  tasks: [
    ['join', 5, 100],
    ['left', 10, 200],
    ['right', 20, 300],
    ['start', 1, null],
  ],
  parents: [[1, 2, 2], [3], [3], []],
};
const SINGLE = { wf: 'blast-1', tasks: [['search', 0.01, 7]], parents: [[]] };

describe('a scenario of workflows', () => {
  it('becomes one run for each arrival, a core a task, parents once each', () => {
    const { runs } = workflowsOf([DIAMOND, SINGLE], ['0.5,blast-1', '3,montage-small-1']);
    expect(runs).toMatchObject([
      { pipeline: 'blast', submitAtMs: 500 },
      { pipeline: 'montage', submitAtMs: 3_000 },
    ]);
    expect(runs[1]?.tasks).toMatchObject([
      { name: 'join-0', type: 'join', needs: [1, 2], features: { inputBytes: 100 } },
      { needs: [3], pool: 'cpu', resources: { cores: 1, devices: 0 } },
      { needs: [3] },
      { type: 'start', needs: [], features: {} },
    ]);
  });

  it('takes no task for shorter than a tenth of a second', () => {
    expect(workflowsOf([SINGLE], ['0,blast-1']).runs[0]?.tasks[0]?.runSeconds).toBe(0.1);
  });

  it('may see the same workflow arrive again, as a run of its own', () => {
    const { runs } = workflowsOf([SINGLE], ['0,blast-1', '1,blast-1']);
    expect(new Set(runs.map(({ id }) => id)).size).toBe(2);
  });

  it('lays what ended before one after the other, the last one ending as the first run arrives', () => {
    const { history } = workflowsOf([DIAMOND, SINGLE], ['100,blast-1'], ['montage-small-1', 'blast-1']);
    expect(history.map(({ submitAtMs }) => submitAtMs)).toEqual([73_900, 99_900]);
  });

  it.each([
    ['a line that is no JSON', ['{"wf":'], 'dags.jsonl:1 : is no JSON object'],
    ['a negative runtime', [{ ...SINGLE, tasks: [['search', -1, 7]] }], 'dags.jsonl:1 tasks.0.1: '],
    ['no tasks', [{ ...SINGLE, tasks: [], parents: [] }], 'dags.jsonl:1 tasks: '],
    [
      'too few lists of parents',
      [{ ...DIAMOND, parents: [[]] }],
      'dags.jsonl:1 parents: has 1 entries for 4',
    ],
    ['a parent that does not exist', [{ ...SINGLE, parents: [[4]] }], 'task 0 names a parent that does not'],
    ['a task that needs itself', [{ ...SINGLE, parents: [[0]] }], 'task 0 waits for itself'],
    ['a circle', [{ ...DIAMOND, parents: [[1], [0], [], []] }], 'task 0 waits for itself, round in a circle'],
    [
      'two workflows of one name',
      [SINGLE, SINGLE],
      "dags.jsonl:2 wf: there are two workflows named 'blast-1'",
    ],
  ] as const)('is refused for %s, once and with the line', (_, dags, message) => {
    const found = mistakesOf((mistakes) =>
      readWorkflows(
        {
          dags: {
            file: 'dags.jsonl',
            lines: jsonLines(...dags).map((line, i) =>
              typeof dags[i] === 'string' ? { ...line, text: `${dags[i]}` } : line,
            ),
          },
          arrivals: aTable(
            'arrivals.csv',
            'submit_s,wf',
            ...('wf' in Object(dags[0]) ? [`0,${Object(dags[0]).wf}`] : []),
          ),
          history: null,
        },
        mistakes,
      ),
    );
    expect(found[0]).toContain(message);
  });

  it('is refused for arrivals and a history that name no workflow of the file', () => {
    const found = mistakesOf((mistakes) =>
      readWorkflows(
        {
          dags: { file: 'dags.jsonl', lines: jsonLines(SINGLE) },
          arrivals: aTable('arrivals.csv', 'submit_s,wf', '9,blast-1', '8,blast-2'),
          history: aTable('history.csv', 'wf', 'other'),
        },
        mistakes,
      ),
    );
    expect(found).toEqual([
      'arrivals.csv:3 submit_s: 8 is earlier than 9 in line 2',
      'arrivals.csv:3 wf: there is no workflow "blast-2"',
      'history.csv:2 wf: there is no workflow "other"',
    ]);
  });
});

describe("a run's graph", () => {
  const [run] = workflowsOf([DIAMOND], ['0,montage-small-1']).runs;

  it('ends each task at the earliest after all that it needs', () => {
    expect(earliestEnds(run?.tasks ?? [])).toEqual([26, 11, 21, 1]);
  });

  it('takes at least as long as its longest path', () => {
    expect(criticalPathSeconds(run?.tasks ?? [])).toBe(26);
  });

  it('takes alone as long as its work on the whole pool, where that is longer', () => {
    const alone = (cores: number) => run && aloneSeconds(run, evenFleet('cpu', cores));
    expect([alone(1), alone(2)]).toEqual([36, 26]);
  });
});
