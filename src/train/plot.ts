/** Pictures of training as SVG, by vega-lite (an optional peer: install vega and vega-lite to draw). */
import { ChainruleError } from '../base/errors.ts';
import type { Module } from '../nn/module.ts';
import { constant } from '../value/create.ts';
import { noGrad } from '../value/recording.ts';
import type { Value } from '../value/value.ts';
import type { History } from './loop.ts';

type Spec = Readonly<Record<string, unknown>>;

interface Vega {
  readonly parse: (spec: unknown) => unknown;
  readonly View: new (runtime: unknown, options: unknown) => { toSVG(): Promise<string> };
}

async function load(): Promise<{ vega: Vega; compile: (spec: unknown) => { spec: unknown } }> {
  try {
    const [vega, vegaLite] = await Promise.all([import('vega'), import('vega-lite')]);
    return {
      vega: vega as unknown as Vega,
      compile: (spec) => (vegaLite.compile as (s: unknown) => { spec: unknown })(spec),
    };
  } catch (error) {
    throw new ChainruleError('plots need the packages vega and vega-lite', {
      op: 'plot',
      hint: 'npm install vega vega-lite',
      cause: error,
    });
  }
}

const STYLE: Spec = {
  background: 'white',
  font: 'system-ui, sans-serif',
  axis: {
    gridColor: '#e8e8e8',
    domainColor: '#999',
    tickColor: '#999',
    labelColor: '#444',
    titleColor: '#222',
    titleFontWeight: 500,
  },
  title: { color: '#111', fontWeight: 600, anchor: 'start', offset: 12 },
  view: { stroke: null },
};

async function toSvg(spec: Spec): Promise<string> {
  const { vega, compile } = await load();
  const full = { $schema: 'https://vega.github.io/schema/vega-lite/v6.json', config: STYLE, padding: 12, ...spec };
  return new vega.View(vega.parse(compile(full).spec), { renderer: 'none' }).toSVG();
}

/** The loss of every batch (faint) and the mean of every epoch. */
export function plotLoss({ epochs, batchLosses }: History): Promise<string> {
  const perEpoch = batchLosses.length / Math.max(1, epochs.length);
  const points = batchLosses.map((loss, i) => ({ epoch: (i + 1) / perEpoch, loss }));
  const means = epochs.map(({ epoch, loss }) => ({ epoch, loss }));
  const x = { field: 'epoch', type: 'quantitative', title: 'epoch' };
  const y = { field: 'loss', type: 'quantitative', title: 'loss', scale: { zero: true } };
  return toSvg({
    title: 'Loss while training',
    width: 520,
    height: 280,
    layer: [
      { data: { values: points }, mark: { type: 'line', color: '#9ecae9', strokeWidth: 1 }, encoding: { x, y } },
      {
        data: { values: means },
        mark: { type: 'line', color: '#1f5f99', strokeWidth: 2, point: { size: 30, color: '#1f5f99' } },
        encoding: { x, y },
      },
    ],
  });
}

/** Cells along each side of the drawn plane. */
const CELLS = 80;

/** Where a two-feature classifier draws the line: its most likely class over the plane, with the data on top. */
export function plotDecisionBoundary(model: Module, x: Value, y: Value): Promise<string> {
  const points = Array.from({ length: x.shape[0]! }, (_, i) => ({
    x1: x.data[2 * i]!,
    x2: x.data[2 * i + 1]!,
    class: String(y.data[i]),
  }));
  const range = (key: 'x1' | 'x2'): [number, number] => {
    const values = points.map((p) => p[key]);
    const [low, high] = [Math.min(...values), Math.max(...values)];
    const margin = 0.1 * (high - low || 1);
    return [low - margin, high + margin];
  };
  const [[left, right], [bottom, top]] = [range('x1'), range('x2')];
  const [dx, dy] = [(right - left) / CELLS, (top - bottom) / CELLS];
  const centres = Array.from(
    { length: CELLS * CELLS },
    (_, i) => [left + ((i % CELLS) + 0.5) * dx, bottom + (Math.floor(i / CELLS) + 0.5) * dy] as const,
  );
  const probabilities = noGrad(() => model.forward(constant(centres.map((p) => [...p]))).softmax(1));
  const best = probabilities.argmax(1).data;
  const sure = probabilities.amax(1).data;
  const cells = centres.map(([a, b], i) => ({
    x: a - dx / 2,
    xEnd: a + dx / 2,
    y: b - dy / 2,
    yEnd: b + dy / 2,
    class: String(best[i]),
    sure: sure[i],
  }));
  const colour = {
    field: 'class',
    type: 'nominal',
    scale: { range: ['#d9773a', '#3a7bbf', '#4f9d69', '#9466b8', '#b8a13a'] },
    title: 'class',
  };
  return toSvg({
    title: 'Decision boundary',
    width: 440,
    height: 320,
    layer: [
      {
        data: { values: cells },
        mark: { type: 'rect', stroke: null, strokeWidth: 0 },
        encoding: {
          x: { field: 'x', type: 'quantitative', scale: { domain: [left, right], nice: false }, title: 'x₁' },
          x2: { field: 'xEnd' },
          y: { field: 'y', type: 'quantitative', scale: { domain: [bottom, top], nice: false }, title: 'x₂' },
          y2: { field: 'yEnd' },
          color: { ...colour, legend: null },
          opacity: {
            field: 'sure',
            type: 'quantitative',
            scale: { domain: [0.5, 1], range: [0.05, 0.4] },
            legend: null,
          },
        },
      },
      {
        data: { values: points },
        mark: { type: 'circle', size: 22, opacity: 0.85 },
        encoding: { x: { field: 'x1', type: 'quantitative' }, y: { field: 'x2', type: 'quantitative' }, color: colour },
      },
    ],
  });
}
