import { expect, it } from 'vitest';
import { ClassSlots } from '../../workers/class-slots.js';

const never = new AbortController().signal;
/** Whether a promise has settled by now. */
const isSettled = async (promise: Promise<unknown>): Promise<boolean> => {
  const pending = Symbol('pending');
  await new Promise((resolve) => setImmediate(resolve));
  return (await Promise.race([promise, Promise.resolve(pending)])) !== pending;
};

it('gives so many slots at once, and the next when one comes back', async () => {
  const slots = new ClassSlots(2);
  await slots.reserveSlot(null, never);
  await slots.reserveSlot(null, never);
  expect(slots.tryReserveSlot()).toBeNull();
  const third = slots.reserveSlot(null, never);
  expect(await isSettled(third)).toBe(false);
  slots.releaseSlot();
  await third;
});

it('gives none while the node takes no work, and goes on when it does', async () => {
  const slots = new ClassSlots(2);
  slots.setOpen(false);
  const waiting = slots.reserveSlot(null, never);
  expect(slots.tryReserveSlot()).toBeNull();
  expect(await isSettled(waiting)).toBe(false);
  slots.setOpen(true);
  await waiting;
});

it('lets go of who no longer waits', async () => {
  const slots = new ClassSlots(0);
  const leaving = new AbortController();
  const waiting = slots.reserveSlot(null, leaving.signal);
  leaving.abort(new Error('no longer needed'));
  await expect(waiting).rejects.toThrow('no longer needed');
});
