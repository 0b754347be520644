import { resolve } from 'node:path';
import type { CommandRun } from '../../src/domain/index.js';
import type { Attempt, Worked } from './attempt.js';
import { exchangeFiles, taskEnvironment } from './environment.js';
import { readOutputFile, requireOutputs } from './outputs.js';
import { runProgram } from './program.js';
import { readProgress } from './progress-file.js';

/** What a worker lets its programs have. */
export interface ProgramSettings {
  /** A task's `cwd` is relative to this folder. */
  readonly projectFolder: string;
  /** Variables of the worker's own environment that tasks may see besides PATH, HOME, LANG, TMPDIR and the like. */
  readonly passEnv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The most that each of stdout.log and stderr.log may hold. */
  readonly logLimitBytes: number;
}

/** Runs a program; its outputs come from the file named in SIGNALBOX_OUTPUT. */
export const command =
  (settings: ProgramSettings) =>
  async (run: CommandRun, attempt: Attempt): Promise<Worked> => {
    const { SIGNALBOX_OUTPUT, SIGNALBOX_PROGRESS } = exchangeFiles(attempt.folder);
    const lookAtProgress = async () => {
      const fraction = await readProgress(SIGNALBOX_PROGRESS);
      if (fraction !== null) attempt.progress(fraction);
    };
    attempt.onBeat(() => void lookAtProgress());
    try {
      await runProgram(attempt, {
        command: run.command,
        cwd: run.cwd === undefined ? attempt.folder : resolve(settings.projectFolder, run.cwd),
        env: taskEnvironment(attempt, run.env, settings.passEnv, settings.env),
        logLimitBytes: settings.logLimitBytes,
      });
    } finally {
      await lookAtProgress();
    }
    const outputs = await readOutputFile(SIGNALBOX_OUTPUT);
    requireOutputs(outputs, run.outputs);
    return { outputs, exitCode: 0 };
  };
