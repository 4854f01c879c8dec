/** Maxout: the largest of several affine maps. */
import { checkOptions } from '../base/errors.ts';
import type { Value } from '../value/value.ts';
import { checkCount } from './arguments.ts';
import { Linear, type LinearOptions } from './linear.ts';
import { Module } from './module.ts';

export interface MaxoutOptions extends LinearOptions {
  /** How many affine maps compete for each output; default 2. */
  readonly pieces?: number;
}

/**
 * The largest of `pieces` affine maps: [..., inFeatures] → [..., outFeatures]; a learnt convex activation (Goodfellow et
 * al. 2013, https://arxiv.org/abs/1302.4389). Rows o·pieces … o·pieces + pieces − 1 of `linear.weight` compete for output o.
 * @throws OptionError unless the numbers are whole and ≥ 1.
 * @example new Maxout(784, 100, { pieces: 3 }).forward(images)
 */
export class Maxout extends Module {
  readonly pieces: number;
  readonly linear: Linear;

  constructor(inFeatures: number, outFeatures: number, options: MaxoutOptions = {}) {
    super(inFeatures, outFeatures, options);
    checkOptions('Maxout', options, ['pieces', 'bias', 'dtype']);
    const { pieces = 2, ...linear } = options;
    this.pieces = checkCount('Maxout', 'pieces', pieces);
    this.linear = new Linear(inFeatures, checkCount('Maxout', 'outFeatures', outFeatures) * this.pieces, linear);
  }

  override forward(x: Value): Value {
    return this.linear.forward(x).maxout(this.pieces, -1);
  }

  override extraRepr(): string {
    return `pieces=${this.pieces}`;
  }
}
