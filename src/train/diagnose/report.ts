/** A diagnosis in words. */
import { textTable, type Alignment } from '../../base/text-table.ts';
import { log10 } from '../../ops/index.ts';
import { constant } from '../../value/create.ts';
import type { ActivationReport } from './activations.ts';
import type { Diagnosis } from './diagnose.ts';
import type { LayerReport } from './layers.ts';
import { short } from './numbers.ts';

const shown = (x: number | null): string => (x === null ? '–' : short(x));

const percent = (x: number | null): string => (x === null ? '–' : `${(100 * x).toFixed(0)} %`);

const logarithm = (x: number | null): string =>
  x === null
    ? '–'
    : x === 0
      ? '0'
      : `10^${log10(constant(x, { dtype: 'float64' }))
          .item()
          .toFixed(1)}`;

function layerTable(layers: readonly LayerReport[]): string[] {
  const head = ['Layer', 'Output', 'Gradient', 'Weights', 'Their gradient', 'Update'];
  const rows = layers.map(({ name, output, gradient, weights, weightGradient, update, frozen }) => [
    frozen ? `${name} (frozen)` : name,
    output === null ? '–' : `${short(output.mean)} ± ${short(output.std)}`,
    shown(gradient),
    short(weights),
    shown(weightGradient),
    logarithm(update),
  ]);
  const columns = layers.some(({ update }) => update !== null) ? 6 : 5;
  return textTable(
    [head, ...rows].map((row) => row.slice(0, columns)),
    ['left', ...new Array<Alignment>(5).fill('right')],
  );
}

function activationTable(activations: readonly ActivationReport[]): string[] {
  if (activations.length === 0) return [];
  const head = ['Activation', 'After', 'Units', 'Dead', 'Saturated'];
  const rows = activations.map(({ op, layer, units, dead, saturated }) => [
    op,
    layer,
    String(units),
    saturated === null ? String(dead) : '–',
    percent(saturated),
  ]);
  return ['', ...textTable([head, ...rows], ['left', 'left', 'right', 'right', 'right'])];
}

function headOf({ examples, loss, baseline, gradientNorm }: Diagnosis): string {
  const guess = baseline === null ? '' : `; ${baseline.text}: ${short(baseline.loss)}`;
  return `Loss ${short(loss)} on ${examples} examples${guess}. Norm of the gradient ${short(gradientNorm)}.`;
}

function findingLines({ findings }: Diagnosis): string[] {
  if (findings.length === 0) return ['Nothing found.'];
  return findings.flatMap(({ kind, where, message, remedy }, i) => [
    `${i + 1}. ${kind}, ${where}: ${message}.`,
    `   ${remedy}`,
  ]);
}

/** The tables, the curves, and what was found. */
export function textOf(diagnosis: Diagnosis): string {
  const { layers, activations, curves } = diagnosis;
  return [
    headOf(diagnosis),
    '',
    ...layerTable(layers),
    ...activationTable(activations),
    '',
    ...(curves === null ? [] : [`Curves: ${curves}.`]),
    ...findingLines(diagnosis),
  ].join('\n');
}
