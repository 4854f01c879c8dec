import { plotLines } from 'chainrule/train';

/** The texts that an SVG shows. */
const texts = (svg: string): string[] => Array.from(svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g), (match) => match[1]!);

describe('plotLines draws rows of numbers', () => {
  test('title, axes and the name of each row stand in the picture', async () => {
    const svg = await plotLines({ tanh: [3, 2, 1], relu: [3, 1, 0.5] }, { title: 'Loss', x: 'epoch', y: 'nats' });
    expect(svg).toMatch(/^<svg/);
    expect(texts(svg)).toEqual(expect.arrayContaining(['Loss', 'epoch', 'nats', 'tanh', 'relu']));
  });

  test('a single row needs no legend', async () => {
    expect(texts(await plotLines({ alone: [1, 2] }))).not.toContain('alone');
  });

  test('a logarithmic axis leaves out what is not positive', async () => {
    const svg = await plotLines({ a: [1e-8, 0, 1e-2, NaN, 1e4] }, { log: true });
    expect(svg).not.toMatch(/NaN|Infinity/);
    expect(texts(svg).some((text) => /e−8|e-8/.test(text))).toBe(true);
  });

  test('nothing to draw is an error that says so', async () => {
    await expect(plotLines({})).rejects.toThrow('there is nothing to draw');
    await expect(plotLines({ a: [0, -1] }, { log: true })).rejects.toThrow('positive numbers only');
    await expect(plotLines({ a: [1] }, { colour: 'red' } as never)).rejects.toThrow('colour');
  });
});
