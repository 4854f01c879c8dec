import { execFileSync } from 'node:child_process';
import {
  closeSync,
  constants,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../../src/cli/run.ts';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'chainrule-cli-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function chainrule(...argv: string[]): Promise<Outcome> {
  let [out, err] = ['', ''];
  const code = await run(argv, { out: (text) => (out += text), err: (text) => (err += text), cwd: folder });
  return { code, out, err };
}

const file = (name: string): string => readFileSync(join(folder, name), 'utf8');

async function refused(...argv: string[]): Promise<string> {
  const { code, out, err } = await chainrule(...argv);
  expect({ code, out }).toEqual({ code: 1, out: '' });
  expect(err).not.toMatch(/\n\s+at .*:\d+:\d+/);
  return err;
}

describe('chainrule', () => {
  test('--help names the commands', async () => {
    for (const flag of ['--help', '-h', 'help']) {
      const { code, out, err } = await chainrule(flag);
      expect({ code, err }).toEqual({ code: 0, err: '' });
      expect(out).toMatch(/graph .*\n.*check /);
    }
  });

  test('<command> --help', async () => {
    for (const command of ['graph', 'check']) {
      const { code, out, err } = await chainrule(command, '--help');
      expect({ code, err }).toEqual({ code: 0, err: '' });
      expect(out).toContain(`Usage: chainrule ${command}`);
    }
  });

  test('--version', async () => {
    const { version } = JSON.parse(readFileSync(join(__dirname, '../../package.json'), 'utf8')) as { version: string };
    expect(await chainrule('--version')).toEqual({ code: 0, out: `${version}\n`, err: '' });
  });

  test('nothing, or something else', async () => {
    expect(await refused()).toMatch(/^Usage/);
    expect(await refused('grph')).toMatch(/unknown command grph; did you mean graph\?/);
    expect(await refused('graph', 'sinn(x)', 'x=1')).toMatch(/did you mean sin\?/);
    expect(await refused('--verbose')).toMatch(/unknown option --verbose/);
  });
});

describe('chainrule graph', () => {
  test('prints the value and every partial derivative, and writes the picture', async () => {
    const { code, out, err } = await chainrule('graph', '(a+b)*(b+1)', 'a=2', 'b=1', '--derivatives', '-o', 'e.svg');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toBe(
      [
        'e = (a+b)*(b+1) = 6',
        '',
        '∂e/∂a = 2',
        '∂e/∂b = 5',
        '',
        'c = 3   ∂e/∂c = 2',
        'd = 2   ∂e/∂d = 3',
        '',
        'wrote e.svg',
        '',
      ].join('\n'),
    );
    expect(file('e.svg')).toMatch(/<title>c → e: ∂ = d = 2<\/title>/);
    expect(readdirSync(folder)).toEqual(['e.svg']);
  });

  test.each(['e.dot', 'e.gv'])('writes %s', async (name) => {
    await chainrule('graph', 'a*2', 'a=2', '--output', name);
    expect(file(name)).toMatch(/^digraph/);
  });

  test('- is standard output, which the picture has for itself', async () => {
    const dot = await chainrule('graph', 'a*2', 'a=2', '-o', '-');
    expect([dot.code, dot.out.slice(0, 7), dot.err]).toEqual([0, 'digraph', 'c = a*2 = 4\n']);
    const svg = await chainrule('graph', 'a*2', 'a=2', '-o', '-', '--format', 'svg');
    expect(svg.out).toMatch(/^<svg/);
  });

  test('without a picture it only prints', async () => {
    expect(await chainrule('graph', 'a', 'a=2')).toEqual({ code: 0, out: 'a = 2\n', err: '' });
    expect(readdirSync(folder)).toEqual([]);
  });

  const valueOf = async (expression: string, ...bindings: string[]): Promise<string> => {
    const { out, err } = await chainrule('graph', expression, ...bindings);
    expect(err).toBe('');
    return out.trim().split(' = ').at(-1)!;
  };

  test.each([
    ['2+3*4', '14'],
    ['2^3^2', '512'],
    ['2**3**2', '512'],
    ['-2^2', '-4'],
    ['(-2)^2', '4'],
    ['2^-1', '0.5'],
    ['2^-1^2', '0.5'],
    ['1 - -1', '2'],
    ['-(1+2)*3', '-9'],
    ['8/4/2', '1'],
    ['7 % 4', '3'],
    ['-7 % 4', '1'],
    ['+3', '3'],
    ['1e-3 * .5', '0.0005'],
    ['max(1, 2) + min(1, 2)', '3'],
    ['ln(e)', '1'],
    ['cos(pi)', '-1'],
    ['2×3·4÷6−1', '3'],
  ])('%s is %s', async (expression, expected) => {
    expect(await valueOf(expression)).toBe(expected);
  });

  test('variables: scalars, lists, names in any alphabet; e and pi may be taken', async () => {
    expect(await valueOf('x*y', 'x=-1.5e1', 'y=.2')).toBe('-3');
    expect(await valueOf('sum(v*v)', 'v=[1,2,3]')).toBe('14');
    expect(await valueOf('θ₁+1', 'θ₁=2')).toBe('3');
    expect(await valueOf('e+1', 'e=1')).toBe('2');
  });

  test('an expression may begin with a sign', async () => {
    expect(await valueOf('-x*2', 'x=3')).toBe('-6');
  });

  test('of a tensor the derivatives of its sum', async () => {
    const { out } = await chainrule('graph', 'v*v', 'v=[1,2]', '--derivatives');
    expect(out).toBe('c = v*v = [1,4]\n\n∂Σc/∂v = [2,4]\n');
  });

  describe('syntax errors are pointed at', () => {
    test.each([
      ['(a+', 3],
      ['a+*b', 2],
      ['sin(x', 5],
      ['a b', 1],
      ['a; b', 1],
      ['a, b', 1],
      ['a < b', 2],
      ['a & b', 2],
      [')', 0],
    ])('%s', async (expression, at) => {
      const lines = (await refused('graph', expression, 'a=1', 'b=1', 'x=1')).split('\n');
      expect(lines[0]).toMatch(/^chainrule: the expression has a syntax error: /);
      expect(lines[1]).toBe(`  ${expression}`);
      expect(lines[2]).toBe(`${' '.repeat(2 + at)}^`);
    });

    test.each(['', '  ', '"text"', 'a.b', 'x => x', 'a ? b : c', 'f(1)(2)'])('%j', async (expression) => {
      expect(await refused('graph', expression)).toMatch(/expression|number|function/);
    });
  });

  test('unknown names: what there is', async () => {
    const unknown = await refused('graph', '1+snh(x)', 'x=1');
    expect(unknown).toMatch(/unknown function snh; did you mean sinh\?\n {2}1\+snh\(x\)\n {4}\^\n/);
    expect(unknown).toMatch(/Functions:\n.*\bacos\b/);
    expect(await refused('graph', 'a*bb', 'a=1')).toMatch(/unknown variable bb \(variables: a; constants: pi, e/);
    expect(await refused('graph', 'constructor(a)', 'a=1')).toMatch(/unknown function constructor/);
    expect(await refused('graph', '__proto__')).toMatch(/unknown variable __proto__/);
  });

  test.each([
    [['a', 'b=1'], /b is given a value, but the expression does not use it|unknown variable a/],
    [['a', 'a=1', 'a=2'], /a is given twice/],
    [['a', 'a=x'], /a=x: expected a number or a list/],
    [['a', 'a='], /a=: expected a number/],
    [['a', 'a=0x10'], /expected a number/],
    [['a', 'a=[1,[2]]'], /a=\[1,\[2\]\]: .*ragged/],
    [['a', 'a=[1'], /a=\[1: it is no list of numbers/],
    [['a', '2'], /"2" is no variable/],
    [['a', '1a=2'], /is no variable/],
    [['1+2', '--derivatives'], /has no variables/],
    [['a > 1', 'a=1'], /syntax error/],
    [['gt(a, 1)', 'a=1', '--derivatives'], /bool, which has no derivatives/],
    [['topk(a, 1)', 'a=[1,2]'], /topk gives several results/],
    [['matmul(a, b)', 'a=[1,2]', 'b=[1,2,3]'], /matmul/],
    [['sin(a, a)', 'a=1'], /sin takes one operand, got 2/],
    [['mul(a)', 'a=1'], /mul takes 2 operands, got 1/],
    [['a', 'a=1', '--direction', 'up'], /direction must be one of LR/],
    [['a', 'a=1', '--theme', 'pink'], /theme must be one of auto/],
    [['a', 'a=1', '--frmat', 'svg'], /Unknown option '--frmat'/],
    [['a', 'a=1', '-o'], /output/],
    [['a', 'a=1', '--format', 'svg'], /--format needs --output/],
    [['a', 'a=1', '-o', 'x.png'], /cannot tell the format of x.png/],
    [['a', 'a=1', '-o', 'x', '--format', 'png'], /--format is svg or dot/],
    [['a', 'a=1', '-o', 'x.svg', '--direction', 'up'], /direction must be one of LR/],
    [[], /graph needs an expression/],
  ])('refuses %j', async (args, message) => {
    expect(await refused('graph', ...args)).toMatch(message);
    expect(readdirSync(folder)).toEqual([]);
  });

  describe('paths that cannot be written', () => {
    test('a folder that is not there', async () => {
      expect(await refused('graph', 'a', 'a=1', '-o', 'no/e.svg')).toMatch(
        /cannot write no\/e.svg: the folder does not exist/,
      );
    });

    test('a folder itself, a file in a file', async () => {
      mkdirSync(join(folder, 'e.svg'));
      writeFileSync(join(folder, 'f'), '');
      expect(await refused('graph', 'a', 'a=1', '-o', 'e.svg')).toMatch(/it is a folder/);
      expect(await refused('graph', 'a', 'a=1', '-o', 'f/e.svg')).toMatch(/cannot write f\/e.svg/);
      expect(readdirSync(folder).sort()).toEqual(['e.svg', 'f']);
    });

    test('a link stays a link, a pipe a pipe', async () => {
      writeFileSync(join(folder, 'there.svg'), '');
      symlinkSync('there.svg', join(folder, 'e.svg'));
      expect((await chainrule('graph', 'a', 'a=1', '-o', 'e.svg')).code).toBe(0);
      expect(lstatSync(join(folder, 'e.svg')).isSymbolicLink()).toBe(true);
      expect(file('there.svg')).toContain('<svg');

      execFileSync('mkfifo', [join(folder, 'pipe.svg')]);
      const pipe = openSync(join(folder, 'pipe.svg'), constants.O_RDWR | constants.O_NONBLOCK);
      expect((await chainrule('graph', 'a', 'a=1', '-o', 'pipe.svg')).code).toBe(0);
      expect(lstatSync(join(folder, 'pipe.svg')).isFIFO()).toBe(true);
      const start = Buffer.alloc(4);
      readSync(pipe, start);
      closeSync(pipe);
      expect(start.toString()).toBe('<svg');
    });

    test('what was there stays when something fails', async () => {
      writeFileSync(join(folder, 'e.svg'), 'before');
      await refused('graph', 'a+', 'a=1', '-o', 'e.svg');
      expect(file('e.svg')).toBe('before');
    });
  });
});

describe('chainrule check', () => {
  test('agrees', async () => {
    const { code, out, err } = await chainrule('check', 'x*log(x)+y', 'x=0.1..3', '--runs', '5');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toBe('x*log(x)+y: derivatives up to order 2 agree at 5 points, x in 0.1..3, y in -2..2\n');
  });

  test('tells of kinks', async () => {
    const { code, out } = await chainrule('check', 'abs(x)', 'x=0', '--runs', '5');
    expect(code).toBe(0);
    expect(out).toMatch(/agree at 5 points.*\n5 of the points are kinks/);
  });

  test('tells where it does not', async () => {
    const err = await refused('check', 'log(x)', 'x=-1..-0.5', '--runs', '3');
    expect(err).toMatch(/at x=-0\.\d+/);
    expect(err).toMatch(/inside its domain/);
  });

  test.each([
    [['x', 'x=1..0'], /the range ends before it begins/],
    [['x', 'x=1..2..3'], /expected a range/],
    [['x', 'x=a..b'], /expected a range/],
    [['x', 'y=0..1'], /y is given a value/],
    [['1'], /nothing to differentiate/],
    [['x', '--runs', '0'], /--runs is a whole number ≥ 1/],
    [['x', '--order', 'two'], /--order is a whole number/],
    [['x+'], /syntax error/],
    [['foo(x)'], /unknown function foo/],
    [[], /check needs an expression/],
  ])('refuses %j', async (args, message) => {
    expect(await refused('check', ...args)).toMatch(message);
  });
});
