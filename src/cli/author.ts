import { userInfo } from 'node:os';

/** Who acts where nobody is named: the user that the operating system knows. A container's user need not have a name. */
export const systemUser = (): string => {
  try {
    return userInfo().username;
  } catch {
    return process.env.USER ?? `user ${process.getuid?.() ?? ''}`.trim();
  }
};
