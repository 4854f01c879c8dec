/** Random numbers: the generator of base/random.ts, several counters at a time. */
import { emitRoots } from '../../base/lanes/emit.ts';
import { LaneGraph, type Node } from '../../base/lanes/graph.ts';
import type { Expr, Lanes } from '../../base/lanes/lanes.ts';
import { VectorForm, writeSplat } from '../../base/lanes/vector-form.ts';
import { PARITY, ROTATIONS } from '../../base/random.ts';
import { WasmError, type FunctionBody, type FunctionRef, type Local } from '../../base/wasm/index.ts';
import type { Emission, Task } from '../emission.ts';
import type { UniformStep } from '../steps.ts';

/** Elements of a unit of work. */
const UNIT = 2048;
/** Counters in a vector, and vectors whose chains are woven together. */
const LANES = 4;
const TOGETHER = 4;
const TURN: number = LANES * TOGETHER;
const NANOSECONDS = 3;

/**
 * Fills a buffer with the numbers of one draw, uniform in [0, 1): 53 random bits in float64, 24 in float32. The key's two
 * words are read when it runs. Element i depends on the key and on i alone.
 */
export function uniformTask({ to, key }: UniformStep, e: Emission): Task {
  const { size, dtype } = to;
  const write = (): FunctionRef =>
    e.module.function(undefined, ['i32', 'i32', 'i32', 'i32', 'i32'], [], (body) =>
      new UniformWriter(body, dtype === 'float64', e).write(size),
    );
  return {
    function: e.shared(`uniform ${dtype} ${size}`, write),
    args: [to, key],
    units: Math.ceil(size / UNIT),
    scratch: 0,
    nanoseconds: size * NANOSECONDS,
  };
}

interface Words {
  readonly first: Expr;
  readonly second: Expr;
}

/** Threefry-2x32, 20 rounds, of the counter (index, 0). */
function threefry(k: Lanes, key: Words, index: Expr): Words {
  const parity = k.bitXor(k.bitXor(PARITY, key.first), key.second);
  const keys = [key.first, key.second, parity];
  let x = k.add(index, key.first);
  let y: Expr = key.second;
  for (let group = 0; group < 5; group++) {
    for (let i = 0; i < 4; i++) {
      x = k.add(x, y);
      y = k.bitXor(rotated(k, y, ROTATIONS[(group % 2) * 4 + i]!), x);
    }
    x = k.add(x, keys[(group + 1) % 3]!);
    y = k.add(k.add(y, keys[(group + 2) % 3]!), group + 1);
  }
  return { first: x, second: y };
}

const rotated = (k: Lanes, x: Expr, by: number): Expr => k.bitOr(k.shiftLeft(x, by), k.shiftRightUnsigned(x, 32 - by));

class UniformWriter {
  private readonly body: FunctionBody;
  private readonly double: boolean;
  private readonly form: VectorForm;
  private readonly graph: LaneGraph = new LaneGraph(['i32', 'i32', 'i32']);
  private readonly roots: readonly Node[];
  /** The counters of the next vector, and where its numbers go. */
  private readonly counters: Local;
  private readonly pointer: Local;

  constructor(body: FunctionBody, double: boolean, e: Emission) {
    this.body = body;
    this.double = double;
    this.form = new VectorForm(e.slow, 4, new Map());
    const { graph } = this;
    const [index, first, second] = graph.inputs as [Node, Node, Node];
    const words = threefry(graph, { first, second }, index);
    this.roots = double
      ? [graph.shiftRightUnsigned(words.first, 5), graph.shiftRightUnsigned(words.second, 6)]
      : [graph.mul(graph.to(graph.shiftRightUnsigned(words.first, 8), 'f32'), 1 / 16777216)];
    this.counters = body.local('v128');
    this.pointer = body.local('i32');
  }

  write(size: number): void {
    const { body } = this;
    const [first, last] = body.params as [Local, Local];
    const i = body.local('i32');
    const end = body.local('i32');
    const whole = body.local('i32');
    body.get(first).i32(UNIT).op('i32.mul').set(i);
    body.get(last).i32(UNIT).op('i32.mul').tee(end).i32(size).get(end).i32(size).op('i32.lt_u').select('i32').set(end);
    body
      .get(end)
      .i32(1 - TURN)
      .op('i32.add')
      .set(whole);
    const given = this.prologue(i);
    body.block([], (done) => {
      body.loop([], (again) => {
        body.get(i).get(whole).op('i32.ge_s').brIf(done);
        this.turn(given, TURN);
        body.get(i).i32(TURN).op('i32.add').set(i).br(again);
      });
    });
    const rest = size % TURN;
    if (rest === 0) return;
    body
      .get(i)
      .get(end)
      .op('i32.lt_s')
      .if([], () => this.turn(given, rest));
  }

  /** The key and all constants as vectors. */
  private prologue(i: Local): Map<Node, Local> {
    const { body, graph, roots } = this;
    const [, , , to, key] = body.params as [Local, Local, Local, Local, Local];
    const given = new Map<Node, Local>();
    const keep = (node: Node): void => {
      const vector = body.local('v128');
      body.set(vector);
      given.set(node, vector);
    };
    [graph.inputs[1]!, graph.inputs[2]!].forEach((input, word) => {
      body.get(key).memory('v128.load32_splat', 4 * word);
      keep(input);
    });
    for (const node of graph.reachable(roots)) {
      if (node.op !== 'constant') continue;
      writeSplat(body, node);
      keep(node);
    }
    body
      .get(i)
      .op('i32x4.splat')
      .v128(bytesOf([0, 1, 2, 3]))
      .op('i32x4.add')
      .set(this.counters);
    body.get(to).get(i);
    body.i32(this.double ? 8 : 4).op('i32.mul');
    body.op('i32.add').set(this.pointer);
    return given;
  }

  /** The next `count` elements: all vectors are computed before the first is stored. */
  private turn(given: ReadonlyMap<Node, Local>, count: number): void {
    const { body, graph, roots, counters } = this;
    const vectors: Local[] = [];
    for (let first = 0; first < count; first += LANES) {
      const own = new Map(given);
      const index = body.local('v128');
      body.get(counters).set(index);
      own.set(graph.inputs[0]!, index);
      body
        .get(counters)
        .v128(bytesOf([4, 4, 4, 4]))
        .op('i32x4.add')
        .set(counters);
      const words = emitRoots(body, graph, roots, this.form, own, () => {
        throw new WasmError('the generator reads nothing');
      });
      const found = roots.map((root) => words.get(root)!);
      vectors.push(...(this.double ? this.doubles(found[0]!, found[1]!) : found));
    }
    vectors.forEach((vector, i) => this.store(vector, i * 16, count - i * (this.double ? 2 : LANES)));
    body.get(this.pointer);
    body.i32(count * (this.double ? 8 : 4)).op('i32.add');
    body.set(this.pointer);
  }

  /** (high·2^26 + low) / 2^53, two of the four lanes at a time. */
  private doubles(high: Local, low: Local): Local[] {
    const { body } = this;
    const converted = (words: Local, half: number): void => {
      body.get(words);
      if (half === 1) body.get(words).shuffle([8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7]);
      body.op('f64x2.convert_low_i32x4_u');
    };
    return [0, 1].map((half) => {
      converted(high, half);
      body.f64(67108864).op('f64x2.splat').op('f64x2.mul');
      converted(low, half);
      body.op('f64x2.add');
      body
        .f64(1 / 9007199254740992)
        .op('f64x2.splat')
        .op('f64x2.mul');
      const out = body.local('v128');
      body.set(out);
      return out;
    });
  }

  /** The first `count` lanes, as far as there are so many. */
  private store(vector: Local, at: number, count: number): void {
    const { body, pointer } = this;
    const bytes = this.double ? 8 : 4;
    if (count * bytes >= 16) return void body.get(pointer).get(vector).memory('v128.store', at, 3);
    for (let lane = 0; lane < count; lane++) {
      const place = at + lane * bytes;
      body.get(pointer).get(vector);
      if (this.double) body.memoryLane('v128.store64_lane', lane, place);
      else body.memoryLane('v128.store32_lane', lane, place);
    }
  }
}

function bytesOf(words: readonly number[]): Uint8Array {
  return new Uint8Array(Int32Array.from(words).buffer);
}
