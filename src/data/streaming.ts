/** Streams: cut into batches, shuffled within a buffer, asked for ahead. Nothing holds more than it says. */
import type { Stream } from './random.ts';

export function* chunks<T>(source: Iterable<T>, size: number, dropLast: boolean): Generator<T[], void, undefined> {
  let chunk: T[] = [];
  for (const item of source) {
    chunk.push(item);
    if (chunk.length < size) continue;
    yield chunk;
    chunk = [];
  }
  if (chunk.length > 0 && !dropLast) yield chunk;
}

export async function* chunksAsync<T>(
  source: Iterable<T> | AsyncIterable<T>,
  size: number,
  dropLast: boolean,
): AsyncGenerator<Awaited<T>[], void, undefined> {
  let chunk: Awaited<T>[] = [];
  for await (const item of source) {
    chunk.push(item);
    if (chunk.length < size) continue;
    yield chunk;
    chunk = [];
  }
  if (chunk.length > 0 && !dropLast) yield chunk;
}

/** Swaps the newcomer with a random one of the buffer, which leaves. */
function exchange<T>(buffer: T[], item: T, stream: Stream): T {
  const at = stream.below(buffer.length);
  const leaves = buffer[at]!;
  buffer[at] = item;
  return leaves;
}

export function* shuffled<T>(source: Iterable<T>, size: number, stream: Stream): Generator<T, void, undefined> {
  const buffer: T[] = [];
  for (const item of source) {
    if (buffer.length < size) buffer.push(item);
    else yield exchange(buffer, item, stream);
  }
  yield* stream.shuffle(buffer);
}

export async function* shuffledAsync<T>(
  source: Iterable<T> | AsyncIterable<T>,
  size: number,
  stream: Stream,
): AsyncGenerator<Awaited<T>, void, undefined> {
  const buffer: Awaited<T>[] = [];
  for await (const item of source) {
    if (buffer.length < size) buffer.push(item);
    else yield exchange(buffer, item, stream);
  }
  yield* stream.shuffle(buffer);
}

/** The same items, `count` of them asked for before the one in use is done with. */
export async function* ahead<T>(
  source: AsyncGenerator<T, void, undefined>,
  count: number,
): AsyncGenerator<T, void, undefined> {
  const pending: Promise<IteratorResult<T, void>>[] = [];
  const ask = (): void => {
    const next = source.next();
    // Whoever awaits it sees the error; one that nobody awaits any more is no unhandled rejection.
    next.catch(() => undefined);
    pending.push(next);
  };
  try {
    for (;;) {
      while (pending.length <= count) ask();
      const { done, value } = await pending.shift()!;
      if (done === true) return;
      yield value;
    }
  } finally {
    await source.return();
  }
}
