// MNIST's digits, as images of one channel with ink from 0 to 1.
import type { Value } from 'chainrule';
import { readIdx } from 'chainrule/data';
import { dataFile } from './setting.ts';

export interface Digits {
  /** [n, 1, 28, 28], float32. */
  readonly x: Value;
  /** [n], what each shows. */
  readonly y: Value;
}

/** Of MNIST's four IDX files, packed or not, under their usual names. */
export function digits(set: 'train' | 'test'): Digits {
  const of = set === 'train' ? 'train' : '(test|t10k)';
  const images = readIdx(dataFile(new RegExp(`${of}-images`)));
  const x = images.to('float32').div(255).reshape([-1, 1, 28, 28]);
  return { x, y: readIdx(dataFile(new RegExp(`${of}-labels`))) };
}
