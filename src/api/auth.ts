import { createHash, timingSafeEqual } from 'node:crypto';
import { isIP } from 'node:net';
import type { RequestHandler } from 'express';
import { SignalboxError } from '../domain/index.js';

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Lets pass who shows this bearer token; compared in constant time. Throws `unauthorized`. */
export const requireToken = (token: string, whose: string): RequestHandler => {
  const expected = digest(token);
  return (request, _response, next) => {
    const given = /^Bearer (.+)$/i.exec(request.get('authorization') ?? '')?.[1];
    if (given === undefined) throw new SignalboxError('unauthorized', `This needs the ${whose}.`);
    if (!timingSafeEqual(digest(given), expected))
      throw new SignalboxError('unauthorized', `The token given is not the ${whose}.`);
    next();
  };
};

/** Whether an address means this machine only. */
export const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));

/**
 * Without a token only this machine may ask, and by a loopback name: a page on the internet that has its own name
 * resolve to 127.0.0.1 (DNS rebinding) is refused. Throws `forbidden`.
 */
export const requireLoopbackName: RequestHandler = (request, _response, next) => {
  const name = request.hostname?.replace(/^\[|\]$/g, '') ?? '';
  if (!isLoopback(name))
    throw new SignalboxError(
      'forbidden',
      `Without an API token this API answers to localhost only, not to ${name}.`,
    );
  next();
};
