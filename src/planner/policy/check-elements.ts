import { didYouMean, type Mistake, member, shown } from '../../domain/document/index.js';
import { type Draft, type Element, LISTS, type List } from './draft.js';
import { CRON, everOpens, isAlwaysOpen, isZone } from './opening.js';

/** Checks rules, windows and holds, but for their conditions: their names, what rules say, when windows open. */
export const checkElements = (draft: Draft): readonly Mistake[] => [
  ...(Object.keys(LISTS) as List[]).flatMap((list) => checkNames(list, draft.elements(list))),
  ...checkRules(draft.elements('rule')),
  ...draft.elements('window').flatMap(checkWindow),
];

const checkNames = (list: List, elements: readonly Element[]): readonly Mistake[] =>
  elements.flatMap(({ name, path }, index) =>
    name !== undefined && elements.slice(0, index).some((other) => other.name === name)
      ? [
          {
            path: [...path, 'name'],
            message: `a second ${list} named "${name}"`,
            mend: 'give it a name of its own',
          },
        ]
      : [],
  );

/** What a rule may say of the tasks that match. */
const SAYS = ['pools', 'labels', 'priorityClass'] as const;

const checkRules = (rules: readonly Element[]): readonly Mistake[] =>
  rules.flatMap((rule, index) => [...checkSays(rule), ...checkAgain(rule, rules.slice(0, index))]);

const checkSays = ({ path, raw }: Element): readonly Mistake[] => {
  if (SAYS.some((key) => member(raw, key) !== undefined)) return [];
  return [
    {
      path,
      message: 'says nothing of the tasks that match',
      mend: `add ${SAYS.join(', ')}, or take the rule out`,
    },
  ];
};

/** Of two rules with one condition the later would always override the earlier. */
const checkAgain = ({ path, raw, when }: Element, before: readonly Element[]): readonly Mistake[] => {
  const said = (key: string) =>
    before.find((other) => sameText(other.when, when) && member(other.raw, key) !== undefined);
  return SAYS.flatMap((key) => {
    const first = member(raw, key) === undefined ? undefined : said(key);
    if (first === undefined) return [];
    const other = first.name === undefined ? 'an earlier rule' : `rule "${first.name}"`;
    const message = `contradicts ${other}, which gives ${key} on the same condition`;
    return [{ path: [...path, key], message, mend: 'keep one of them', at: 'key' as const }];
  });
};

const sameText = (a: string | undefined, b: string | undefined): boolean =>
  a !== undefined && b !== undefined && a.replace(/\s+/g, ' ').trim() === b.replace(/\s+/g, ' ').trim();

const checkWindow = ({ path, raw }: Element): readonly Mistake[] => {
  const [opens, hours] = [member(raw, 'opens'), member(raw, 'hours')];
  const zone = member(raw, 'zone') ?? 'UTC';
  if (typeof opens !== 'string' || !CRON.test(opens) || typeof zone !== 'string') return [];
  if (!isZone(zone)) return [unknownZone(zone, [...path, 'zone'])];
  try {
    if (!everOpens({ opens, zone }))
      return [
        {
          path: [...path, 'opens'],
          message: 'never opens: there is no such day',
          mend: 'name a day that exists',
        },
      ];
    if (
      typeof hours !== 'number' ||
      !(hours >= 0.25 && hours <= 744) ||
      !isAlwaysOpen({ opens, zone, hours })
    )
      return [];
    return [
      {
        path: [...path, 'hours'],
        message: 'never closes: it opens again before its hours are over',
        mend: 'give fewer hours, or take the window out',
      },
    ];
  } catch (cause) {
    return [notCron(opens, (cause as Error).message, [...path, 'opens'])];
  }
};

const unknownZone = (zone: string, path: Mistake['path']): Mistake => ({
  path,
  message: `unknown time zone ${shown(zone)}`,
  mend: `use an IANA time zone, such as UTC or Europe/Berlin${didYouMean(zone, Intl.supportedValuesOf('timeZone'))}`,
});

/** The library's reason without its name for itself. */
const notCron = (opens: string, why: string, path: Mistake['path']): Mistake => ({
  path,
  message: `${shown(opens)} is not a cron expression: ${why.replace('CronPattern: ', '').toLowerCase()}`,
  mend: 'give minute, hour, day of the month, month and weekday, such as "0 22 * * 1-5"',
});
