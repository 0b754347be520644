import { type Logger, pino } from 'pino';

/** A service's log: JSON lines on standard output, at SIGNALBOX_LOG_LEVEL (`info` where unset). */
export const serviceLog = (service: string): Logger =>
  pino({ base: { service }, level: process.env.SIGNALBOX_LOG_LEVEL || 'info' });
