import { SignalboxError } from '../domain/index.js';

/** Options that do not make a command together. */
export const invalidOption = (message: string): SignalboxError =>
  new SignalboxError('invalid-option', message);
