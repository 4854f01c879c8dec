/** A run's result, a Promise of one, or whatever else `read` and `finish` take. */
export interface Task<Handle> {
  run(): Handle;
  read(handle: Handle): Readonly<Record<string, ArrayLike<number>>>;
  finish(handle: Handle): unknown;
}

export interface Input {
  readonly data: Float32Array | Float64Array | Int32Array;
  readonly shape: readonly number[];
}

export type Inputs = Readonly<Record<string, Input>>;
export type WorkOptions = Readonly<Record<string, number | string>>;

export function contend<Handle>(
  makers: Readonly<Record<string, (inputs: Inputs, options: WorkOptions) => Task<Handle>>>,
): Promise<void>;
