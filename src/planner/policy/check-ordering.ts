import { member } from '../../domain/document/index.js';
import { PRIORITY_CLASSES } from '../../domain/index.js';
import { type Check, checkAll, given, mistake } from './check.js';

/** Times the factor that `patienceFor` puts on the virtual wait this stays below 1. */
const LARGEST_LIFT = 1.3;

const checkOrder: Check = (draft) => {
  const order = draft.field('order');
  if (order === undefined) return [];
  const twice = order.findIndex((part, index) => order.indexOf(part) < index);
  if (twice >= 0) return mistake(['order', twice], `"${order[twice]}" is named twice`, 'name it once');
  const sorted = [...order].sort();
  if (sorted.join() === order.join()) return [];
  return mistake(
    ['order'],
    'class comes before share, and share before size',
    `write [${sorted.join(', ')}]`,
  );
};

const checkClasses: Check = (draft) => {
  const classes = draft.field('classes');
  if (classes === undefined) return [];
  const twice = classes.findIndex((name, index) => classes.indexOf(name) < index);
  const missing = PRIORITY_CLASSES.filter((name) => !classes.includes(name));
  return [
    ...(twice < 0
      ? []
      : mistake(['classes', twice], `"${classes[twice]}" is named twice`, 'name each class once')),
    ...(missing.length === 0
      ? []
      : mistake(['classes'], `leaves out ${missing.join(', ')}`, 'name each class once')),
  ];
};

const checkSize: Check = (draft) => {
  const order = draft.field('order');
  if (order === undefined) return [];
  const bySize = order.includes('size');
  if (bySize && !given(draft, 'size'))
    return mistake(
      ['order'],
      'goes by size, and nothing says how',
      'add size: { bound: 1.5 }, or take size out of it',
    );
  if (!bySize && given(draft, 'size'))
    return mistake(
      ['size'],
      'says how size counts, and the order lacks it',
      'add size to the order, or take this out',
      'key',
    );
  return [];
};

const checkDeadlines: Check = (draft) => {
  const order = draft.field('order');
  if (draft.field('deadlines') !== 'lift' || order === undefined) return [];
  const mend = 'give size with a bound, or write deadlines: ignore';
  if (!order.includes('size')) return mistake(['deadlines'], 'cannot lift where the order lacks size', mend);
  if (draft.field('size')?.bound !== 'none') return [];
  return mistake(['deadlines'], 'cannot lift where the bound of size is none', mend);
};

const checkRaise: Check = (draft) => {
  const order = draft.field('order');
  if (order === undefined || order.includes('class') || !given(draft, 'raise')) return [];
  return mistake(
    ['raise'],
    'gives a class, and the order lacks class',
    'add class to the order, or take this out',
    'key',
  );
};

const checkPreemption: Check = (draft) => {
  const order = draft.field('order');
  const victims = draft.field('preemption')?.victims;
  if (victims === undefined || order === undefined) return [];
  const bound = draft.field('size')?.bound;
  if (victims === 'larger-remaining' && typeof bound === 'number' && bound > LARGEST_LIFT)
    return mistake(
      ['size', 'bound'],
      `where larger work gives way, at most ${LARGEST_LIFT}: beyond, a task could wait for a wait that it causes itself`,
      `write ${LARGEST_LIFT} or less, or none`,
    );
  const wanted = victims === 'lower-class' ? 'class' : 'size';
  if (order.includes(wanted)) return [];
  return mistake(
    ['preemption', 'victims'],
    `${victims} goes by ${wanted}, which the order lacks`,
    `add ${wanted} to the order, or take preemption out`,
  );
};

const checkShares: Check = (draft) => {
  const order = draft.field('order');
  if (order === undefined || order.includes('share') || !given(draft, 'shares')) return [];
  return mistake(
    ['shares'],
    'says how tenants share, and the order lacks share',
    'add share to the order, or take this out',
    'key',
  );
};

/** A class that a rule gives decides nothing where neither the order nor preemption looks at it. */
const checkRuleClasses: Check = (draft) => {
  const order = draft.field('order');
  if (order === undefined || order.includes('class')) return [];
  return draft
    .elements('rule')
    .flatMap(({ path, raw }) =>
      member(raw, 'priorityClass') === undefined
        ? []
        : mistake(
            [...path, 'priorityClass'],
            'gives a class, and the order lacks class',
            'add class to the order, or take this out',
            'key',
          ),
    );
};

/** Checks how the parts that decide who goes first fit together. A part that could not be read is left out. */
export const checkOrdering: Check = checkAll([
  checkOrder,
  checkClasses,
  checkSize,
  checkDeadlines,
  checkRaise,
  checkPreemption,
  checkShares,
  checkRuleClasses,
]);
