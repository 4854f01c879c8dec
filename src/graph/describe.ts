/** From a plan to a picture's plain data: the texts on every node. */
import { isFloat, type Storage } from '../base/dtypes.ts';
import { showShape } from '../base/errors.ts';
import { sizeOf } from '../base/shapes.ts';
import { contentOf, type Value } from '../value/value.ts';
import { clustersOf } from './clusters.ts';
import { isUsualDtype, partialTexts, planEdges, type PlannedEdge } from './edges.ts';
import { opOfScope } from './fold.ts';
import { gradientsOf, type GradientOf } from './gradients.ts';
import type { GraphEdge, GraphModel, GraphNode, Health } from './model.ts';
import { shortNumber, summarize, type Summary } from './numbers.ts';
import type { Settings } from './options.ts';
import type { Group, Plan } from './plan.ts';
import type { Output, Step } from './steps.ts';
import { counted, thousands } from './text.ts';

/** Numbers of copies are read together, up to so many. */
const MOST_NUMBERS = 100_000;

/** Constants were written down by somebody: they are shown as they were written. */
const CONSTANT_DIGITS = 8;

interface Context {
  readonly plan: Plan;
  readonly settings: Settings;
  readonly gradientOf: GradientOf | null;
  /** All steps of each group. */
  readonly members: readonly (readonly number[])[];
  /** Whether another group, or nobody, reads a step. */
  readonly leaves: (step: number, group: number) => boolean;
  readonly roots: ReadonlySet<number>;
}

// What a node shows of itself ---------------------------------------------------------------------------------------

/** A node's results: those of its step, or those that leave a folded scope. */
function facesOf({ plan, leaves }: Context, group: Group, g: number): readonly Output[] {
  const steps = group.steps.map((step) => plan.graph.steps[step]!);
  if (group.kind === 'elided') return [];
  if (group.kind === 'single') return steps[0]!.outputs;
  const leaving = steps.filter((step) => step.primitive !== null && leaves(step.index, g));
  return (leaving.length === 0 ? steps.slice(-1) : leaving).flatMap((step) => step.outputs);
}

function summaryOf(xs: readonly Value[]): Summary | null {
  const first = xs[0];
  if (first === undefined) return null;
  if (xs.length === 1) {
    const content = contentOf(first);
    const numbers = typeof content !== 'number' ? content : first.size === 0 ? [] : [content];
    return summarize(numbers, first.dtype, first.rank);
  }
  const numbers: number[] = [];
  for (const x of xs) {
    const content = contentOf(x);
    for (const y of typeof content === 'number' ? [content] : (content as Iterable<number> & Storage)) {
      if (numbers.length < MOST_NUMBERS) numbers.push(y);
    }
  }
  return summarize(numbers, first.dtype, 2);
}

/** The Values behind the first face: of every copy where the node stands for several. */
function valuesOf({ plan, members }: Context, group: Group, g: number, faces: readonly Output[]): readonly Value[] {
  if (group.kind === 'elided' || faces.length !== 1) return [];
  if (group.kind === 'scope') return group.count === 1 && faces[0]!.value !== null ? [faces[0]!.value] : [];
  return members[g]!.flatMap((step) => plan.graph.steps[step]!.outputs[0]!.value ?? []);
}

function healthOf(rms: number | null, { vanished, exploded }: Settings): Health {
  if (rms === null) return 'none';
  if (!(rms <= exploded)) return 'exploded';
  return rms < vanished ? 'vanished' : 'healthy';
}

function shapeText(faces: readonly Output[], { shapes, dtypes }: Settings): string | null {
  const texts = faces.flatMap(({ shape, dtype }) => {
    const parts = [
      ...(shapes && shape.length > 0 ? [showShape(shape)] : []),
      ...(dtypes || (shapes && !isUsualDtype(dtype)) ? [dtype] : []),
    ];
    return parts.length === 0 ? [] : [parts.join(' ')];
  });
  return texts.length === 0 ? null : texts.join(' · ');
}

function labelOf({ plan, members }: Context, group: Group, g: number, faces: readonly Output[]): string | null {
  if (group.kind !== 'single' || members[g]!.length === 1) return faces.length === 1 ? faces[0]!.label : null;
  const labels = [...new Set(members[g]!.map((step) => plan.graph.steps[step]!.outputs[0]!.label))];
  if (labels.includes(null)) return null;
  return labels.length === 1 ? labels[0]! : `${labels[0]!} … ${labels.at(-1)!}`;
}

function glyphOf(step: Step, values: readonly Value[]): string {
  if (step.primitive !== null) return step.primitive.glyph;
  if (step.isInput || step.outputs[0]!.label !== null) return '';
  const first = values[0];
  if (first === undefined || !values.every((x) => x.size > 0 && typeof contentOf(x) === 'number')) return 'constant';
  const number = Number(contentOf(first));
  return values.every((x) => contentOf(x) === number) ? shortNumber(number, first.dtype, CONSTANT_DIGITS) : 'constant';
}

function noteOf({ plan }: Context, group: Group): string | null {
  if (group.kind !== 'scope' || opOfScope(group.folded!) !== null) return null;
  const steps = group.steps.map((step) => plan.graph.steps[step]!);
  const ops = steps.filter((step) => step.primitive !== null && plan.groupOf[step.index]! >= 0).length;
  const parameters = steps.filter((step) => step.isInput);
  const numbers = parameters.reduce((n, step) => n + sizeOf(step.outputs[0]!.shape), 0);
  return parameters.length === 0 ? counted(ops, 'op') : `${counted(ops, 'op')}, ${counted(numbers, 'parameter')}`;
}

function kindOf(plan: Plan, group: Group): GraphNode['kind'] {
  if (group.kind === 'elided') return 'elided';
  if (group.kind === 'scope') return opOfScope(group.folded!) === null ? 'scope' : 'op';
  const step = plan.graph.steps[group.steps[0]!]!;
  if (step.primitive !== null) return 'op';
  return step.isInput ? 'input' : 'constant';
}

/** What stands in the node's first line beside its label. */
function signOf(context: Context, group: Group, g: number, values: readonly Value[]): string {
  const { plan, members } = context;
  if (group.kind === 'elided') {
    const hidden = members[g]!.filter((step) => plan.groupOf[step] === g).length;
    return `… ${thousands(hidden)} more ${hidden === 1 ? 'node' : 'nodes'}`;
  }
  if (group.kind === 'scope') return opOfScope(group.folded!)?.glyph ?? group.folded!.name;
  return glyphOf(plan.graph.steps[group.steps[0]!]!, values);
}

// Sentences ----------------------------------------------------------------------------------------------------------

const nodeName = (node: GraphNode): string => node.label ?? (node.glyph === '' ? 'input' : node.glyph);

function operationOf(plan: Plan, group: Group): string | null {
  if (group.kind === 'scope') return group.folded!.name;
  if (group.kind === 'elided') return null;
  const { primitive, attrs } = plan.graph.steps[group.steps[0]!]!;
  return primitive === null ? null : primitive.title(attrs);
}

function attributesText(plan: Plan, group: Group): string {
  if (group.kind !== 'single') return '';
  const shown = Object.entries(plan.graph.steps[group.steps[0]!]!.attrs).flatMap(([name, x]) =>
    typeof x === 'object' && x !== null && !Array.isArray(x) ? [] : [`${name} ${JSON.stringify(x) ?? typeof x}`],
  );
  return shown.length === 0 ? '' : ` (${shown.join(', ')})`;
}

function sentence(plan: Plan, group: Group, node: Omit<GraphNode, 'title'>): string {
  const operation = operationOf(plan, group);
  const name = node.label ?? (operation === null ? node.glyph || 'input' : '');
  const first = [name, operation === null ? '' : `${operation}${attributesText(plan, group)}`].filter((s) => s !== '');
  const parts = [
    first.join(' = '),
    ...(node.count > 1 ? [`${thousands(node.count)} alike`] : []),
    ...(node.note === null ? [] : [node.note]),
    ...(node.shape === null ? [] : [`shape ${node.shape}`]),
    ...(node.value === null ? [] : [`value ${node.value}`]),
    ...(node.gradient === null ? [] : [`gradient ${node.gradient}`]),
    ...(node.health === 'vanished' || node.health === 'exploded' ? [`gradient ${node.health}`] : []),
  ];
  return parts.join(', ');
}

// Assembling ---------------------------------------------------------------------------------------------------------

function nodeOf(context: Context, group: Group, g: number, cluster: string | null): GraphNode {
  const { plan, settings, gradientOf, roots } = context;
  const faces = facesOf(context, group, g);
  const values = valuesOf(context, group, g, faces);
  const kind = kindOf(plan, group);
  const glyph = signOf(context, group, g, values);
  const gradients = gradientOf === null ? [] : values.flatMap((x) => (isFloat(x.dtype) ? (gradientOf(x) ?? []) : []));
  const gradient = summaryOf(gradients);
  const value = settings.values ? (summaryOf(values)?.text ?? null) : null;
  const isNumberGlyph = kind === 'constant' && glyph !== '' && glyph !== 'constant';
  const looksAtGradients = gradientOf !== null && (settings.gradients || settings.colorBy === 'gradient');
  const node = {
    id: `n${g}`,
    kind,
    label: labelOf(context, group, g, faces),
    glyph,
    shape: shapeText(faces, settings),
    value: isNumberGlyph ? null : value,
    gradient: settings.gradients ? (gradient?.text ?? null) : null,
    health: looksAtGradients && kind !== 'elided' ? healthOf(gradient?.rms ?? null, settings) : null,
    note: noteOf(context, group),
    count: group.count,
    isRoot: roots.has(g),
    cluster,
  };
  return { ...node, title: sentence(plan, group, node) };
}

function edgeOf(edge: PlannedEdge, index: number, partial: string | null, nodes: readonly GraphNode[]): GraphEdge {
  const [from, to] = [nodes[edge.from]!, nodes[edge.to]!];
  const title = `${nodeName(from)} → ${nodeName(to)}${partial === null ? '' : `: ∂ = ${partial}`}`;
  return { id: `e${index}`, from: from.id, to: to.id, partial, title };
}

function contextOf(plan: Plan, settings: Settings): Context {
  const members: number[][] = plan.groups.map(() => []);
  plan.groupOf.forEach((g, step) => {
    if (g >= 0) members[g]!.push(step);
  });
  const outside = new Set(plan.graph.roots.map((root) => plan.resolve(root).step));
  for (const step of plan.graph.steps) {
    const to = plan.groupOf[step.index]!;
    if (to < 0) continue;
    for (const operand of step.operands) {
      const from = plan.resolve(operand).step;
      if (plan.groupOf[from] !== to) outside.add(from);
    }
  }
  const wanted = settings.gradients || settings.colorBy === 'gradient';
  const hasValues = plan.graph.roots.some((root) => plan.graph.steps[root.step]!.outputs[root.output]!.value !== null);
  return {
    plan,
    settings,
    members,
    gradientOf: wanted && hasValues ? gradientsOf(plan.graph) : null,
    leaves: (step) => outside.has(step),
    roots: new Set(plan.graph.roots.map((root) => plan.groupOf[root.step]!)),
  };
}

/** Everything that is drawn, as plain data. */
export function describe(plan: Plan, settings: Settings): GraphModel {
  const context = contextOf(plan, settings);
  const { clusters, of } = clustersOf(plan, settings.scopes);
  const nodes = plan.groups.map((group, g) => nodeOf(context, group, g, of[g]!));
  const planned = planEdges(plan);
  const partials = partialTexts(plan, planned, settings.partials);
  const edges = planned.map((edge, i) => edgeOf(edge, i, partials[i]!, nodes));
  const steps = plan.graph.steps.filter((step) => plan.groupOf[step.index]! >= 0).length;
  const results = nodes.filter((node) => node.isRoot).map(nodeName);
  return {
    nodes,
    edges,
    clusters,
    title: settings.title ?? `Computation graph of ${results.join(', ')}`,
    description:
      steps === nodes.length
        ? `${counted(nodes.length, 'node')}, ${counted(edges.length, 'edge')}.`
        : `${counted(steps, 'node')} drawn as ${thousands(nodes.length)}, ${counted(edges.length, 'edge')}.`,
  };
}
