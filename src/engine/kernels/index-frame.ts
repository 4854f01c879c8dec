/** What steps that follow an index share: their parameters, the check of the index, and addresses. */
import { bytesPerElement } from '../../base/dtypes.ts';
import type { FunctionBody, Local, ValueType } from '../../base/wasm/index.ts';
import type { PickStep, PutStep } from '../steps.ts';
import type { Axes } from './index-axes.ts';
import { writeOffset } from './places.ts';

export const INDEX_PARAMS: readonly ValueType[] = new Array<ValueType>(6).fill('i32');

/** All that the code of a step depends on. */
export function indexKey(step: PickStep | PutStep): string {
  const walks = [step.source, step.index, step.to].map(({ start, strides }) => [start, strides]);
  const kind = step.kind === 'put' ? `put ${step.join}` : 'pick';
  return `${kind} ${step.to.buffer.dtype} ${JSON.stringify([step.domain, step.step, step.length, walks])}`;
}

export class IndexFrame {
  readonly body: FunctionBody;
  readonly bytes: number;
  readonly first: Local;
  readonly end: Local;
  private readonly step: PickStep | PutStep;

  constructor(body: FunctionBody, step: PickStep | PutStep) {
    this.body = body;
    this.step = step;
    this.bytes = bytesPerElement(step.to.buffer.dtype);
    this.first = body.params[0]!;
    this.end = body.params[1]!;
  }

  /** Where source, index and target begin. */
  starts(): readonly [source: Local, index: Local, to: Local] {
    const { source, index, to } = this.step;
    return [
      this.start(3, source.start, this.bytes),
      this.start(4, index.start, 4),
      this.start(5, to.start, this.bytes),
    ];
  }

  private start(param: number, start: number, bytes: number): Local {
    const given = this.body.params[param]!;
    if (start === 0) return given;
    const local = this.body.local('i32');
    this.body
      .get(given)
      .i32((start * bytes) | 0)
      .op('i32.add')
      .set(local);
    return local;
  }

  /** address += Σ digit·stride. */
  advance(address: Local, strides: readonly number[], digits: readonly Local[], bytes: number, to: Local): void {
    this.body.get(address);
    writeOffset(this.body, digits, strides, bytes);
    this.body.set(to);
  }

  /** Adds the step that the index at this address asks for to an address of the indexed array; traps if there is none. */
  follow(index: Local, address: Local): void {
    const { body, step } = this;
    const at = body.local('i32');
    body.get(index).memory('i32.load').tee(at).i32(step.length).op('i32.ge_u');
    body.if([], () => body.unreachable());
    body.get(address);
    writeOffset(body, [at], [step.step], this.bytes);
    body.set(address);
  }

  /** Fresh addresses of source, index and target at these axes' digits. */
  addresses(
    axes: Axes,
    digits: readonly Local[],
    [source, index, to]: readonly Local[],
  ): readonly [Local, Local, Local] {
    const { body } = this;
    const next: [Local, Local, Local] = [body.local('i32'), body.local('i32'), body.local('i32')];
    this.advance(source!, axes.source, digits, this.bytes, next[0]);
    this.advance(index!, axes.index, digits, 4, next[1]);
    this.advance(to!, axes.to, digits, this.bytes, next[2]);
    return next;
  }
}
