/** How a run is shown: a bar on a terminal, lines elsewhere, HTML in a notebook, nothing where nobody looks. */
import { manualSeed } from 'chainrule';
import { moons } from 'chainrule/data';
import { crossEntropy } from 'chainrule/losses';
import { MLP } from 'chainrule/nn';
import { SGD, StepLR } from 'chainrule/optim';
import { bar, fit, lines, notebook, type Callback, type FitOptions } from 'chainrule/train';

async function run(
  progress: boolean | Callback | undefined,
  options: Partial<FitOptions> = {},
  stream = false,
): Promise<void> {
  manualSeed(0);
  const { x, y } = moons(64);
  const model = new MLP([2, 4, 2]);
  const optimizer = new SGD(model.parameters(), { lr: 0.5 });
  const data = stream ? () => [[x, y] as const] : { x, y };
  await fit(model, data, {
    loss: crossEntropy,
    optimizer,
    epochs: 2,
    metrics: ['accuracy'],
    validation: { x, y },
    schedule: new StepLR(optimizer, { stepSize: 1, gamma: 0.1 }),
    ...(progress === undefined ? {} : { progress }),
    ...options,
  });
}

/** What is written to a stream that says it is a terminal. */
class Screen {
  readonly isTTY: boolean = true;
  readonly columns: number = 200;
  text = '';
  write(text: string): boolean {
    this.text += text;
    return true;
  }
}

const LINE = /^epoch 1\/2 {2}loss 0\.\d{4} {2}accuracy 0\.\d{4} {2}valLoss 0\.\d{4} {2}valAccuracy 0\.\d{4}$/;

test('lines have everything of the epoch but its time, and the rate where it has changed', async () => {
  const said: string[] = [];
  await run(lines((line) => void said.push(line)));
  expect(said).toHaveLength(2);
  expect(said[0]).toMatch(LINE);
  expect(said[1]).toMatch(/^epoch 2\/2 .* lr 0\.0500$/);
  await run(
    lines((line) => void said.push(line)),
    { callbacks: [{ onEpochEnd: (r) => r.stop('enough') }] },
  );
  expect(said.at(-1)).toBe('stopped: enough');
});

test('a terminal has a bar with loss, speed and time left; epochs stay above it', async () => {
  const screen = new Screen();
  await run(bar(screen));
  // What is drawn between the first and the last depends on the time.
  expect(screen.text).toMatch(/ {2}epoch 0\/2 {2}batch 0\/2 {2}loss – {2}0 batches\/s {2}– left/);
  expect(screen.text).toMatch(/ {2}epoch 2\/2 {2}batch 2\/2 {2}loss \d\.\d{4} {2}\d+ batches\/s {2}0 s left/);
  expect(screen.text).toContain('\r\u001b[Kepoch 2/2  loss');
  // The cursor comes back.
  expect(screen.text.lastIndexOf('\u001b[?25h')).toBeGreaterThan(screen.text.lastIndexOf('\u001b[?25l'));
});

test('it needs no length of the data, and is lines where the stream is no terminal', async () => {
  const screen = new Screen();
  await run(bar(screen), { schedule: undefined as never }, true);
  expect(screen.text).toMatch(/epoch 2\/2 {2}batch 2 {2}loss \d/);
  let text = '';
  await run(bar({ write: (part) => (text += part) }));
  expect(text.split('\n')[0]).toMatch(LINE);
});

test('the cursor comes back after an error, too', async () => {
  const screen = new Screen();
  const fail = (): never => {
    throw new Error('no');
  };
  await expect(run(bar(screen), { callbacks: [{ onEpochEnd: fail }] })).rejects.toThrow('no');
  expect(screen.text).toContain('\u001b[?25h');
});

test('a notebook shows a bar and a table', async () => {
  const shown: string[] = [];
  await run(notebook({ html: (text) => void shown.push(text) }));
  const last = shown.at(-1)!;
  expect(last).toContain('<progress value="4" max="4">');
  expect(last).toMatch(/<table><tr><th>epoch<\/th>.*<td>1<\/td>.*<td>2<\/td>/s);
});

describe('by itself', () => {
  const { env, stdout, argv } = process;
  let said: string[];
  beforeEach(() => {
    said = [];
    jest.spyOn(console, 'log').mockImplementation((line: string) => void said.push(line));
  });
  afterEach(() => {
    jest.restoreAllMocks();
    process.env = env;
    process.argv = argv;
    Object.defineProperty(process, 'stdout', { value: stdout, configurable: true });
  });

  /** What is said and drawn in such an environment. */
  async function where(variables: Record<string, string>, screen: Partial<Screen>, kernel = false): Promise<string> {
    process.env = { ...variables };
    if (kernel) process.argv = ['node', '/notebooks/node_modules/tslab/bin/tslab'];
    Object.defineProperty(process, 'stdout', { value: screen, configurable: true });
    await run(undefined);
    return said.join('\n') + (screen.text ?? '');
  }

  test('nothing in CI, in tests, or if told so', async () => {
    expect(await where({ CI: 'true' }, new Screen())).toBe('');
    expect(await where({ NODE_ENV: 'test' }, new Screen())).toBe('');
    process.env = {};
    await run(false);
    expect(said).toEqual([]);
  });

  test('a bar on a terminal, lines elsewhere, a line that overwrites itself in a notebook', async () => {
    expect(await where({}, new Screen())).toContain('batches/s');
    expect((await where({}, {})).split('\n')).toHaveLength(2);
    const cells = Object.assign(new Screen(), { isTTY: false });
    expect(await where({}, cells, true)).toMatch(/\repoch 1\/2 {2}loss .*\n\repoch 2\/2/);
  });
});
