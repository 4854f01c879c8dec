/** Views and copies: other walks over the same buffer where that is possible, else loops that write boxes. */
import { sameShape, sizeOf, stridesOf } from '../../base/shapes.ts';
import type { Lowering, Part } from '../../ops/lowering.ts';
import type { Instruction, Var } from '../../program/program.ts';
import { partOf, reshaped, wholeOf } from './access.ts';
import { bandBox, bandSum } from './bands.ts';
import type { Draft, FillSource, WalkSource } from './draft.ts';
import type { Singles } from './singles.ts';

/** The same elements under another shape. */
export function planView(draft: Draft, { inputs, outputs }: Instruction): void {
  const [x, out] = [inputs[0]!, outputs[0]!];
  const source = draft.sourceOf(x);
  if (source.kind !== 'walk') return draft.set(out, source);
  const walk = reshaped(source.walk, out.shape);
  if (walk !== undefined) return draft.set(out, { ...source, walk });
  const copy = draft.copied(x);
  draft.set(out, { ...copy, walk: reshaped(copy.walk, out.shape)! });
}

/** Boxes of the outputs that are parts of operands. */
export function planMap(
  draft: Draft,
  singles: Singles,
  { inputs, outputs }: Instruction,
  parts: readonly Part[],
): void {
  const own = outputs.map((): Part[] => []);
  for (const part of parts) own[part.output ?? 0]!.push(part);
  outputs.forEach((out, i) => mapTo(draft, singles, out, inputs, own[i]!));
}

function mapTo(draft: Draft, singles: Singles, out: Var, inputs: readonly Var[], parts: readonly Part[]): void {
  // Of nothing, any number is all elements.
  if (sizeOf(out.shape) === 0) return draft.set(out, { kind: 'fill', value: 0 });
  const [part] = parts;
  if (parts.length === 1 && sameShape(part!.size, out.shape))
    return viewPart(draft, out, inputs[part!.operand]!, part!);
  if (singles.join(out, inputs, parts)) return;
  const to = draft.bufferFor(out);
  const covered = parts.reduce((n, { size }) => n + sizeOf(size), 0) === to.size;
  if (!covered) draft.writeBox(out.dtype, wholeOf(to, out.shape), (e) => e.constant(0, out.dtype));
  const rowMajor = stridesOf(out.shape);
  for (const p of parts) {
    const source = partSource(draft, inputs[p.operand]!, p);
    const start = p.at.reduce((sum, at, i) => sum + at * rowMajor[i]!, 0);
    const strides = rowMajor.map((stride, i) => stride * (p.steps?.[i] ?? 1));
    draft.writeBox(out.dtype, { buffer: to, start, strides, shape: p.size }, (e) =>
      source.kind === 'fill' ? e.constant(source.value, out.dtype) : e.read(source.walk),
    );
  }
  draft.written(out, to);
}

function viewPart(draft: Draft, out: Var, x: Var, part: Part): void {
  const source = draft.sourceOf(x);
  // One element stays one, whatever its shape.
  const isSingle = source.kind === 'lane' && sizeOf(out.shape) === 1 && sizeOf(source.of.shape) === 1;
  draft.set(out, isSingle ? source : partSource(draft, x, part));
}

function partSource(draft: Draft, x: Var, part: Part): FillSource | WalkSource {
  const source = draft.sourceOf(x);
  if (source.kind === 'fill') return source;
  const stored = draft.stored(x);
  const direct = partOf(stored.walk, part);
  if (direct !== undefined) return { ...stored, walk: direct };
  const copy = draft.copied(x);
  return { ...copy, walk: partOf(copy.walk, part)! };
}

/** One loop for each band. */
export function planBands(
  draft: Draft,
  { inputs, outputs }: Instruction,
  lowering: Extract<Lowering, { kind: 'bands' }>,
): void {
  const out = outputs[0]!;
  if (sizeOf(out.shape) === 0) return draft.set(out, { kind: 'fill', value: 0 });
  const to = draft.bufferFor(out);
  const source = draft.walkOf(inputs[0]!);
  for (const band of lowering.bands) {
    const box = bandBox(wholeOf(to, out.shape), lowering.axis, band);
    if (sizeOf(box.shape) > 0) draft.writeBox(out.dtype, box, (e) => bandSum(e, out.dtype, source, lowering, band));
  }
  draft.written(out, to);
}
