/** What a plan is made of so far: its items, and where each variable's elements come from. */
import type { DType } from '../../base/dtypes.ts';
import type { Node } from '../../base/lanes/graph.ts';
import { sizeOf } from '../../base/shapes.ts';
import type { Var } from '../../program/program.ts';
import type { Access, Buffer, Step } from '../steps.ts';
import { isWhole, wholeOf, type Walk } from './access.ts';
import { Expression, laneBytes, LoopGroup } from './group.ts';
import type { TapeGroup } from './tape.ts';

/** Where a variable's elements come from. */
export type Source = FillSource | WalkSource | LaneSource;

/** One number stands for all. */
export interface FillSource {
  readonly kind: 'fill';
  readonly value: number;
}

/** A buffer, the last part of which item number `producer` writes (−1: it is there from the start). */
export interface WalkSource {
  readonly kind: 'walk';
  readonly walk: Walk;
  readonly producer: number;
}

/** Computed in a loop or on a tape, in the same row-major order as `of`. */
export interface LaneSource {
  readonly kind: 'lane';
  readonly group: LoopGroup | TapeGroup;
  readonly of: Var;
}

/** What is executed at one position: a finished step, or one that still grows. */
export type Item = Step | LoopGroup | TapeGroup;

export class Draft {
  readonly items: Item[] = [];
  private readonly sources: Map<Var, Source> = new Map();
  private buffers = 0;

  buffer(dtype: DType, size: number): Buffer {
    return { id: this.buffers++, dtype, size };
  }

  bufferFor({ dtype, shape }: Var): Buffer {
    return this.buffer(dtype, sizeOf(shape));
  }

  set(variable: Var, source: Source): void {
    this.sources.set(variable, source);
  }

  sourceOf(variable: Var): Source {
    return this.sources.get(variable)!;
  }

  /** The position of the item after which a variable is there. */
  readyAfter(variable: Var): number {
    const source = this.sourceOf(variable);
    return source.kind === 'fill' ? -1 : source.kind === 'walk' ? source.producer : source.group.position;
  }

  /** A step that computes all of a variable, into a buffer of its own. */
  compute(variable: Var, step: (to: Buffer) => Step): void {
    const to = this.bufferFor(variable);
    this.items.push(step(to));
    this.written(variable, to);
  }

  /** Says that the last item has completed a variable. */
  written(variable: Var, to: Buffer, producer: number = this.items.length - 1): void {
    this.set(variable, { kind: 'walk', walk: wholeOf(to, variable.shape), producer });
  }

  /** A variable in a buffer; it is stored, or filled, if it was in none. */
  stored(variable: Var): WalkSource {
    const source = this.sourceOf(variable);
    switch (source.kind) {
      case 'walk':
        return source;
      case 'lane': {
        const buffer = source.group.store(source.of, () => this.bufferFor(variable));
        return { kind: 'walk', walk: wholeOf(buffer, variable.shape), producer: source.group.position };
      }
      case 'fill':
        return this.loop(variable, (e) => e.constant(source.value, variable.dtype));
    }
  }

  /** How to read a variable from a buffer. */
  walkOf(variable: Var): Walk {
    return this.stored(variable).walk;
  }

  /** A buffer that holds a variable and nothing else, row-major. */
  wholeOf(variable: Var): Buffer {
    const walk = this.walkOf(variable);
    return isWhole(walk) ? walk.buffer : this.copied(variable).walk.buffer;
  }

  /** The elements brought into row-major order, in a buffer of their own. */
  copied(variable: Var): WalkSource {
    const walk = this.walkOf(variable);
    return this.loop(variable, (e) => e.read(walk));
  }

  /** A loop of its own, which gives `variable` from now on. */
  private loop(variable: Var, value: (expression: Expression) => Node): WalkSource {
    const group = new LoopGroup(variable.shape, this.items.length, laneBytes([variable]));
    this.items.push(group);
    group.define(variable, value(group.expression));
    const buffer = group.store(variable, () => this.bufferFor(variable));
    const made: WalkSource = { kind: 'walk', walk: wholeOf(buffer, variable.shape), producer: group.position };
    this.set(variable, made);
    return made;
  }

  /** Writes a variable into a buffer of its size, at the end of what there is so far. */
  copyInto(buffer: Buffer, variable: Var): void {
    const { dtype, shape } = variable;
    const source = this.sourceOf(variable);
    if (source.kind === 'fill')
      return this.writeBox(dtype, wholeOf(buffer, shape), (e) => e.constant(source.value, dtype));
    const walk = this.walkOf(variable);
    this.writeBox(dtype, wholeOf(buffer, shape), (e) => e.read(walk));
  }

  /** Writes a box of a buffer. */
  writeBox(dtype: DType, { buffer, start, strides, shape }: Walk, value: (e: Expression) => Node): void {
    const expression = new Expression(laneBytes([{ dtype }]));
    const node = value(expression);
    const to: Access = { buffer, start, strides };
    const { graph, reads } = expression;
    this.items.push({ kind: 'loop', domain: shape, graph, reads, writes: [{ to, value: node }] });
  }
}
