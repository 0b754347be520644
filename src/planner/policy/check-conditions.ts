import { type References, TooCostly, why } from '../../domain/cel/index.js';
import { didYouMean, type Mistake, type Path, shown } from '../../domain/document/index.js';
import { type Answer, type Condition, condition } from './condition.js';
import type { Draft, List } from './draft.js';
import { CHOICES, combinations, visible } from './facts.js';

/** Checks every condition: its syntax, names and types, its cost, and that something can match it. */
export const checkConditions = (draft: Draft): readonly Mistake[] =>
  (['rule', 'window', 'hold'] as const).flatMap((list) =>
    draft
      .elements(list)
      .flatMap(({ path, when }) => (when === undefined ? [] : checkCondition(when, [...path, 'when'], list))),
  );

const checkCondition = (when: string, path: Path, list: List): readonly Mistake[] => {
  const compiled = compile(when);
  if ('why' in compiled)
    return [{ path, message: compiled.why, mend: 'correct the condition; it is CEL (cel.dev) on task' }];
  const { references } = compiled.condition;
  if (references.type !== 'bool' && references.type !== 'dyn')
    return [
      {
        path,
        message: `${shown(when)} gives ${references.type}`,
        mend: 'compare it with something: a condition gives true or false',
      },
    ];
  const unknown = references.compared.flatMap((compared) => checkComparison(compared, path));
  return unknown.length > 0 ? unknown : checkAnswers(compiled.condition, path, list);
};

const compile = (when: string): { condition: Condition } | { why: string } => {
  try {
    return { condition: condition(when) };
  } catch (cause) {
    return { why: why(cause) };
  }
};

/** A class or pool that does not exist equals nobody's. */
const checkComparison = (
  { path: [, field], text }: References['compared'][number],
  path: Path,
): readonly Mistake[] => {
  if (field !== 'pool' && field !== 'priority') return [];
  const known: readonly string[] = CHOICES[field];
  if (known.includes(text)) return [];
  return [
    {
      path,
      message: `task.${field} is never ${shown(text)}`,
      mend: `use one of ${known.join(', ')}${didYouMean(text, known)}`,
      at: { text },
    },
  ];
};

const checkAnswers = (asked: Condition, path: Path, list: List): readonly Mistake[] => {
  const answers = combinations().map((facts) => asked.ask(visible(facts)));
  const costly = failures(answers).find((failure) => failure instanceof TooCostly);
  if (costly) return [{ path, message: why(costly), mend: 'ask for less: of a list, or in fewer steps' }];
  if (!isDecided(asked.references) || answers.some((answer) => 'matches' in answer && answer.matches))
    return [];
  const [failure] = failures(answers);
  const message =
    failure === undefined ? 'matches no task at all' : `matches no task at all: ${why(failure)}`;
  return [{ path, message, mend: `change the condition, or take the ${list} out` }];
};

const failures = (answers: readonly Answer[]): readonly unknown[] =>
  answers.flatMap((answer) => ('failed' in answer ? [answer.failed] : []));

/** Whether a condition reads only what is known beforehand. */
const isDecided = ({ reads }: References): boolean =>
  reads.every(([, field]) => field !== undefined && Object.hasOwn(CHOICES, field));
