// Loaded before a program (--import): shifts its wall clock by the milliseconds in the file $FAULTS_CLOCK, looked at again and
// again, so that the clock jumps while the program runs. Only the wall clock: performance.now and timers go on as ever.
import { readFileSync } from 'node:fs';

const LOOK_MS = 50;
const file = process.env.FAULTS_CLOCK;
const RealDate = Date;
const realNow = Date.now;
let offsetMs = 0;

const look = () => {
  try {
    offsetMs = Number(readFileSync(file, 'utf8')) || 0;
  } catch {
    offsetMs = 0;
  }
};

if (file) {
  look();
  setInterval(look, LOOK_MS).unref();
  Date.now = () => realNow() + offsetMs;
  globalThis.Date = new Proxy(RealDate, {
    construct: (target, args, wanted) =>
      Reflect.construct(target, args.length === 0 ? [Date.now()] : args, wanted),
    apply: () => new RealDate(Date.now()).toString(),
  });
}
