import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { signalbox } from '../support/command.js';

const GOOD = `apiVersion: signalbox/v1
name: good
parameters:
  n: { type: integer }
tasks:
  one: { run: { command: echo 1 } }
`;

/** Files in a folder of their own, by name. */
const files = (contents: Record<string, string>): string => {
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-cli-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(contents)) writeFileSync(join(folder, name), text);
  return folder;
};

describe('help', () => {
  test('lists every command and the exit codes', async () => {
    const { code, stdout } = await signalbox(['--help']);
    expect(code).toBe(0);
    for (const name of 'dev api control worker validate schema run runs show explain logs nodes cancel pause resume priority'.split(
      ' ',
    ))
      expect(stdout).toMatch(new RegExp(`^  ${name} `, 'm'));
    expect(stdout).toMatch(/Exit codes:\n {2}0 /);
  });

  test.each([
    [['rnu'], 'run'],
    [['runs', '--jsno'], '--json'],
    [['explian', 'x'], 'explain'],
  ])('a slip of the finger in %j is met with what was meant', async (args, meant) => {
    const { code, stdout, stderr } = await signalbox(args);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(`(Did you mean ${meant}?)`);
  });
});

describe('validate', () => {
  test('accepts good documents and says what is in them', async () => {
    const folder = files({ 'good.yaml': GOOD });
    const { code, stdout } = await signalbox(['validate', `${folder}/good.yaml`]);
    expect([code, stdout]).toEqual([0, `✓ ${folder}/good.yaml: good, 1 task\n`]);
  });

  test('names every mistake of every file, with its line and mend, and exits with 2', async () => {
    const folder = files({
      'a.yaml': GOOD.replace('integer', 'int').replace('run:', 'needs: [two], run:'),
      'b.yaml': `${GOOD}colour: red\n`,
      'c.yaml': GOOD,
    });
    const { code, stdout } = await signalbox([
      'validate',
      ...'abc'.split('').map((name) => `${folder}/${name}.yaml`),
    ]);
    expect(code).toBe(2);
    expect(stdout).toContain(`✗ ${folder}/a.yaml has 2 mistakes.`);
    expect(stdout).toMatch(/a\.yaml:4:\d+ parameters\.n\.type: .* — /);
    expect(stdout).toMatch(/a\.yaml:6:\d+ tasks\.one\.needs.*: .* — /);
    expect(stdout).toMatch(/b\.yaml:7:1 colour: .* — /);
    expect(stdout).toContain(`✓ ${folder}/c.yaml`);
  });

  test('reads standard input, and says all of it as JSON', async () => {
    const { code, stdout } = await signalbox(['validate', '-', '--json'], { input: 'name: 1' });
    expect(code).toBe(2);
    const { ok, files } = JSON.parse(stdout);
    expect(ok).toBe(false);
    expect(files[0]).toMatchObject({ file: '-', ok: false, code: 'invalid-document' });
    expect(files[0].problems).toContainEqual(
      expect.objectContaining({
        path: 'name',
        line: 1,
        column: expect.any(Number),
        mend: expect.any(String),
      }),
    );
  });

  test('a file that is not there is bad input', async () => {
    const { code, stdout } = await signalbox(['validate', '/nowhere.yaml']);
    expect([code, stdout]).toEqual([2, '✗ Cannot read /nowhere.yaml: there is no such file.\n']);
  });
});

test('schema prints a JSON Schema', async () => {
  const { code, stdout } = await signalbox(['schema']);
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({
    $schema: expect.stringContaining('json-schema.org'),
    type: 'object',
  });
});

describe('run', () => {
  test('checks the document and the parameters before it asks anybody', async () => {
    const folder = files({ 'good.yaml': GOOD, 'bad.yaml': 'name: 1' });
    const bad = await signalbox(['run', `${folder}/bad.yaml`]);
    expect(bad.code).toBe(2);
    expect(bad.stderr).toMatch(/bad\.yaml:1:\d+ name: /);
    const param = await signalbox(['run', `${folder}/good.yaml`, '-p', 'n=many', '-p', 'm']);
    expect(param.code).toBe(2);
    expect(param.stderr).toMatch(/params\.n: .* — .*\n?/);
    expect(param.stderr).toMatch(/params\.m: .* — /);
  });

  test('says who does not answer, and what to do', async () => {
    const folder = files({ 'good.yaml': GOOD });
    const { code, stderr } = await signalbox([
      'run',
      `${folder}/good.yaml`,
      '-p',
      'n=1',
      '--api',
      'http://127.0.0.1:9',
    ]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/Cannot reach the API at http:\/\/127\.0\.0\.1:9 .*is `signalbox dev` running\?/);
  });
});

describe('with --json an error is one JSON document too', () => {
  test.each([
    [['runs', '--json', '--api', 'http://127.0.0.1:9'], 1, 'api-unreachable'],
    [['runs', '--json', '--limit', 'few'], 2, 'invalid-option'],
    [['run', '/nowhere.yaml', '--json'], 2, 'invalid-option'],
  ])('%j', async (args, exitCode, errorCode) => {
    const { code, stdout } = await signalbox(args);
    expect(code).toBe(exitCode);
    expect(JSON.parse(stdout).error).toMatchObject({
      code: errorCode,
      message: expect.any(String),
      mend: expect.any(String),
    });
  });
});

describe('services', () => {
  test('name every setting that is missing or wrong, and where it comes from', async () => {
    const { code, stderr } = await signalbox(['api'], {
      env: { SIGNALBOX_DATABASE_URL: 'mysql://x', SIGNALBOX_WORKER_TOKEN: 'short' },
    });
    expect(code).toBe(2);
    expect(stderr).toMatch(/--database \(SIGNALBOX_DATABASE_URL\): is no postgres:\/\/ URL — /);
    expect(stderr).toMatch(/--workspace \(SIGNALBOX_WORKSPACE\): missing — /);
    expect(stderr).toMatch(/SIGNALBOX_WORKER_TOKEN: is shorter than 16 characters — /);
    expect(stderr).not.toContain('mysql://x');
  });

  test.each([
    [['worker'], '--pool'],
    [['worker', '--pool', 'tpu'], 'gpu, cpu, io'],
    [['worker', '--pool', 'cpu', '--memory', 'lots'], '8GiB'],
    [['worker', '--pool', 'cpu', '--label', 'x'], 'name=value'],
    [['control', '--temporal-address', 'here'], '--temporal-address'],
    [['api', '--port', '99999'], '65535'],
  ])('%j is refused with what would be right', async (args, hint) => {
    const env = {
      SIGNALBOX_WORKER_TOKEN: 'a-token-of-16-letters',
      SIGNALBOX_DATABASE_URL: 'postgres://nobody@127.0.0.1:9/none',
      SIGNALBOX_WORKSPACE: '/tmp',
    };
    const { code, stderr } = await signalbox(args, { env });
    expect(code).toBe(2);
    expect(stderr).toContain(hint);
  });
});
