import { formatProblems, type Problem } from '../../domain/index.js';

/** Mistakes one a line: in a file as compilers print them, elsewhere by path alone. */
export const problemLines = (problems: readonly Problem[]): string[] => problems.map(problemLine);

const problemLine = (problem: Problem): string => {
  if (problem.file !== undefined) return formatProblems(problem.file, [problem]);
  return `  ${problem.path === '' ? '' : `${problem.path}: `}${problem.message} — ${problem.mend}`;
};
