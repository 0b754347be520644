import type { WriteStream } from 'node:tty';
import { type Terminal, terminal } from '../output/terminal.js';

/** Tells the story as it happens: a line at a time, each true when it is printed, none ever rewritten. */
export interface Narrator {
  readonly to: Terminal;
  /** A new scene. */
  scene(title: string): void;
  /** Something is done. */
  done(what: string, particulars?: string): void;
  /** Something is under way. */
  note(text: string): void;
  /** What Signalbox itself says. */
  quote(text: string): void;
}

/** A narrator on a standard stream; with `--json` that is standard error. */
export const narrator = (stream: WriteStream): Narrator => {
  const to = terminal(stream);
  const { bold, cyan, dim, green } = to.colours;
  return {
    to,
    scene: (title) => to.print(`\n${cyan('▸')} ${bold(title)}`),
    done: (what, particulars = '') =>
      to.print(`  ${green('✓')} ${particulars ? `${what.padEnd(9)} ${particulars}` : what}`),
    note: (text) => to.print(`  ${dim('·')} ${text}`),
    quote: (text) => {
      for (const line of wrap(text, Math.min(to.width, 110) - 6)) to.print(`    ${dim('│')} ${line}`);
    },
  };
};

/** Breaks a text into lines of a width, between words. */
const wrap = (text: string, width: number): readonly string[] => {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
};
