import { statfs } from 'node:fs/promises';
import { cpus, freemem, totalmem } from 'node:os';
import type { NodeLoad } from '../../src/domain/index.js';
import { querySmi, type SmiOptions } from './nvidia-smi.js';

/** A machine with less free than this part of its memory, or of the disk of its data folder, is in trouble. */
const SCARCE = 0.05;
/** Asking nvidia-smi takes up to a second on a machine with eight GPUs. */
const DEVICES_EVERY_MS = 10_000;
const FIELDS = [
  'index',
  'utilization.gpu',
  'memory.used',
  'memory.total',
  'temperature.gpu',
  'ecc.errors.uncorrected.volatile.total',
];
const MIB = 1024 ** 2;

/** What a node looks at. */
export interface LoadSettings extends SmiOptions {
  /** How many GPUs nvidia-smi should list; 0 where it is not asked, as for virtual devices. */
  readonly devices: number;
  /** A folder on the disk that must not run full. */
  readonly folder: string;
}

/** Watches a machine: how busy it is, and what is wrong with it. */
export class LoadMeter {
  #cpu = cpuTimes();
  #devices: NodeLoad['devices'] = [];
  #deviceProblems: readonly string[] = [];
  #devicesDueAtMs = 0;

  constructor(private readonly settings: LoadSettings) {}

  /** How the machine stands now; its GPUs as of some seconds ago, for no heartbeat waits for nvidia-smi. */
  async look(): Promise<NodeLoad> {
    void this.#lookAtDevices();
    const memoryUsedBytes = totalmem() - freemem();
    return {
      cpuShare: this.#cpuShare(),
      memoryUsedBytes,
      memoryBytes: totalmem(),
      devices: [...this.#devices],
      problems: [
        ...this.#deviceProblems,
        ...scarce('of its memory', freemem(), totalmem()),
        ...(await this.#diskProblems()),
      ],
    };
  }

  /** Since the last look. */
  #cpuShare(): number | null {
    const before = this.#cpu;
    this.#cpu = cpuTimes();
    const all = this.#cpu.all - before.all;
    return all <= 0 ? null : Math.min(1, Math.max(0, 1 - (this.#cpu.idle - before.idle) / all));
  }

  async #lookAtDevices(): Promise<void> {
    const { devices: expected } = this.settings;
    if (expected === 0 || performance.now() < this.#devicesDueAtMs) return;
    this.#devicesDueAtMs = performance.now() + DEVICES_EVERY_MS;
    const rows = await querySmi(FIELDS, this.settings);
    this.#devices = (rows ?? []).map(deviceOf);
    this.#deviceProblems = deviceProblems(rows === null ? null : this.#devices, expected);
  }

  async #diskProblems(): Promise<readonly string[]> {
    const disk = await statfs(this.settings.folder).catch(() => null);
    return disk === null ? [] : scarce('of the disk of its data folder', disk.bavail, disk.blocks);
  }
}

const cpuTimes = () => {
  const times = cpus().map((cpu) => cpu.times);
  const idle = times.reduce((sum, time) => sum + time.idle, 0);
  return { idle, all: times.reduce((sum, { user, nice, sys, irq }) => sum + user + nice + sys + irq, idle) };
};

const scarce = (what: string, free: number, all: number): readonly string[] =>
  all > 0 && free / all < SCARCE ? [`${Math.round((100 * free) / all)}% ${what} is free`] : [];

/** `[N/A]`, `[GPU is lost]` and the like are no numbers. */
const amount = (cell: string | undefined): number | null => {
  const value = Number(cell === '' ? Number.NaN : cell);
  return Number.isFinite(value) && value >= 0 ? value : null;
};
const mebibytes = (cell: string | undefined): number | null => {
  const value = amount(cell);
  return value === null ? null : value * MIB;
};

const deviceOf = ([index, busy, used, total, degrees, errors]: readonly string[]) => {
  const percent = amount(busy);
  return {
    index: Number(index),
    busyShare: percent === null ? null : Math.min(1, percent / 100),
    memoryUsedBytes: mebibytes(used),
    memoryBytes: mebibytes(total),
    celsius: amount(degrees),
    memoryErrors: amount(errors),
  };
};

const deviceProblems = (devices: NodeLoad['devices'] | null, expected: number): readonly string[] => {
  if (devices === null) return ['nvidia-smi does not answer'];
  return [
    ...(devices.length < expected ? [`nvidia-smi lists ${devices.length} of ${expected} devices`] : []),
    ...devices.flatMap(({ index, memoryErrors, memoryUsedBytes, busyShare }) => [
      ...(memoryErrors ? [`device ${index} has had ${memoryErrors} uncorrected memory errors`] : []),
      ...(memoryUsedBytes === null && busyShare === null ? [`device ${index} does not report`] : []),
    ]),
  ];
};
