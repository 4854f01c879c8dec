import { FunctionBody, WasmError, WasmModule, type OpName, type ValueType } from '../../../src/base/wasm/index.ts';
import { LANE_OPS, MEMORY_LANE_OPS, MEMORY_OPS } from '../../../src/base/wasm/opcodes-memory.ts';
import { SCALAR_OPS } from '../../../src/base/wasm/opcodes-scalar.ts';
import { SIMD_OPS } from '../../../src/base/wasm/opcodes-simd.ts';
import { signatureOf } from '../../../src/base/wasm/types.ts';

type Callable = (...xs: (number | bigint)[]) => number | bigint;

/** The first export of a module, instantiated. */
function exported(build: (m: WasmModule) => void, imports: WebAssembly.Imports = {}): Callable {
  const m = new WasmModule();
  build(m);
  const instance = new WebAssembly.Instance(new WebAssembly.Module(m.encode()), imports);
  return Object.values(instance.exports).find((x) => typeof x === 'function') as Callable;
}

const bodyOf = (params: ValueType[], results: ValueType[]): FunctionBody => new FunctionBody({ params, results });

/** A function that only applies one instruction to its parameters. */
function applying(letters: string, write: (f: FunctionBody) => void): Uint8Array<ArrayBuffer> {
  const { params, results } = signatureOf(letters);
  const m = new WasmModule();
  m.memory({ initial: 1, maximum: 1, shared: true });
  m.function(undefined, params, results, (f) => {
    f.params.forEach((p) => f.get(p));
    write(f);
  });
  return m.encode();
}

describe('every instruction of the tables is one the engine knows, with these operands', () => {
  const plain = Object.entries({ ...SCALAR_OPS, ...SIMD_OPS }).filter(([name]) => !name.includes('relaxed'));
  test.each(plain)('%s', (name, [, letters]) => {
    expect(WebAssembly.validate(applying(letters, (f) => f.op(name as OpName)))).toBe(true);
  });
  test.each(Object.entries(MEMORY_OPS))('%s', (name, [, letters]) => {
    expect(WebAssembly.validate(applying(letters, (f) => f.memory(name as keyof typeof MEMORY_OPS, 8)))).toBe(true);
  });
  test.each(Object.entries(MEMORY_LANE_OPS))('%s', (name, [, letters]) => {
    expect(WebAssembly.validate(applying(letters, (f) => f.memoryLane(name as keyof typeof MEMORY_LANE_OPS, 1)))).toBe(
      true,
    );
  });
  test.each(Object.entries(LANE_OPS))('%s', (name, [, letters, lanes]) => {
    const last = applying(letters, (f) => f.lane(name as keyof typeof LANE_OPS, lanes - 1));
    expect(WebAssembly.validate(last)).toBe(true);
    expect(() => applying(letters, (f) => f.lane(name as keyof typeof LANE_OPS, lanes))).toThrow(WasmError);
  });
});

describe('the operand stack is checked while encoding', () => {
  test('a missing operand', () => {
    expect(() => bodyOf([], []).i32(1).op('i32.add')).toThrow('i32.add: an operand is missing');
  });
  test('an operand of the wrong type, named by position', () => {
    expect(() => bodyOf([], []).i32(1).f64(2).op('i32.add')).toThrow('i32.add: operand 2 should be i32 and is f64');
  });
  test('too many values at the end', () => {
    const m = new WasmModule();
    m.function('f', [], ['i32'], (f) => f.i32(1).i32(2));
    expect(() => m.encode()).toThrow('1 operand(s) too many');
  });
  test('a result that is not there', () => {
    const m = new WasmModule();
    m.function('f', [], ['i32'], () => undefined);
    expect(() => m.encode()).toThrow('an operand is missing');
  });
  test('a block may not take from the stack around it', () => {
    expect(() =>
      bodyOf([], [])
        .i32(1)
        .block([], () => undefined)
        .drop(),
    ).not.toThrow();
    const f = bodyOf([], []).i32(1);
    expect(() => f.block([], () => f.drop())).toThrow('drop: an operand is missing');
  });
  test('after a branch anything may be taken, and leftovers are still refused', () => {
    const f = bodyOf([], ['i32']);
    f.block(['i32'], (out) => f.i32(1).br(out).op('i32.add').i32(3).op('i32.sub'));
    expect(() => bodyOf([], []).unreachable().f64(1).op('i32.eqz')).toThrow('should be i32 and is f64');
  });
  test('branching to a block that has ended', () => {
    const f = bodyOf([], []);
    let gone: Parameters<FunctionBody['br']>[0] | undefined;
    f.block([], (label) => (gone = label));
    expect(() => f.block([], () => f.br(gone!))).toThrow('its label is not around it');
  });
  test('an if with a result needs both arms, of that type', () => {
    const f = bodyOf(['i32'], ['f64']);
    const [p] = f.params;
    expect(() => f.get(p!).if(['f64'], () => f.f64(1))).toThrow('if: results need an else');
    const g = bodyOf(['i32'], ['f64']);
    expect(() =>
      g.get(g.params[0]!).if(
        ['f64'],
        () => g.f64(1),
        () => g.i32(1),
      ),
    ).toThrow(WasmError);
  });
  test('constant globals, alignments, shuffles and vector constants', () => {
    const m = new WasmModule();
    const fixed = m.global(1, { mutable: false });
    expect(() => bodyOf([], []).i32(1).globalSet(fixed)).toThrow('constant');
    expect(() => bodyOf([], []).i32(0).memory('i32.load', 0, 3)).toThrow('alignment');
    expect(() => bodyOf(['v128', 'v128'], []).shuffle([32])).toThrow('16 lane numbers');
    expect(() => bodyOf([], []).v128(new Uint8Array(4))).toThrow('16 bytes');
  });
  test('modules refuse a second memory, late imports, data without memory', () => {
    const m = new WasmModule();
    expect(() => m.data(0, new Uint8Array(1))).toThrow('needs a memory');
    m.memory({ initial: 1 });
    expect(() => m.memory({ initial: 1 })).toThrow('one memory');
    m.function('f', [], [], () => undefined);
    expect(() => m.importFunction('e', 'g', [], [])).toThrow('before defining');
    expect(() => new WasmModule().memory({ initial: 1, shared: true })).toThrow('maximum');
  });
});

describe('what is encoded runs', () => {
  test.each([0, 1, -1, 63, 64, -64, -65, 8191, -8192, 2147483647, -2147483648])('i32.const %i', (n) => {
    expect(exported((m) => m.function('f', [], ['i32'], (f) => f.i32(n)))()).toBe(n);
  });
  test.each([0n, -1n, 63n, 64n, -65n, 2n ** 63n - 1n, -(2n ** 63n), 0x4330000000000000n])('i64.const %s', (n) => {
    expect(exported((m) => m.function('f', [], ['i64'], (f) => f.i64(n)))()).toBe(n);
  });
  test.each([0, -0, 0.1, Infinity, NaN, 5e-324])('f64.const %d', (x) => {
    expect(exported((m) => m.function('f', [], ['f64'], (f) => f.f64(x)))()).toBe(x);
  });
  test('f32.const rounds', () => {
    expect(exported((m) => m.function('f', [], ['f32'], (f) => f.f32(0.1)))()).toBe(Math.fround(0.1));
  });

  test('loops, branches, locals of several types', () => {
    const sum = exported((m) =>
      m.function('sum', ['i32'], ['f64'], (f) => {
        const i = f.local('i32');
        const total = f.local('f64');
        f.block([], (done) =>
          f.loop([], (again) => {
            f.get(i).get(f.params[0]!).op('i32.ge_s').brIf(done);
            f.get(total).get(i).op('f64.convert_i32_s').op('f64.add').set(total);
            f.get(i).i32(1).op('i32.add').set(i).br(again);
          }),
        );
        f.get(total);
      }),
    );
    expect(sum(101)).toBe(5050);
  });

  test('if, select, return, calls in both directions', () => {
    const even = exported((m) => {
      const isEven = m.declare(['i32'], ['i32'], 'isEven');
      const isOdd = m.declare(['i32'], ['i32']);
      for (const [self, other, base] of [
        [isEven, isOdd, 1],
        [isOdd, isEven, 0],
      ] as const) {
        const [n] = self.body.params;
        self.body
          .get(n!)
          .op('i32.eqz')
          .if([], () => self.body.i32(base).return());
        self.body.get(n!).i32(1).op('i32.sub').call(other);
      }
    });
    expect([0, 1, 7, 10].map((n) => even(n))).toEqual([1, 0, 0, 1]);
    const pick = exported((m) =>
      m.function('f', ['i32'], ['i64'], (f) => f.i64(1n).i64(2n).get(f.params[0]!).select('i64')),
    );
    expect([pick(5), pick(0)]).toEqual([1n, 2n]);
  });

  test('imported functions and memory, data, globals, bulk copies', () => {
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 2 });
    const run = exported(
      (m) => {
        const twice = m.importFunction('e', 'twice', ['f64'], ['f64']);
        m.importMemory('e', 'memory', { initial: 1, maximum: 2 });
        const count = m.global(40);
        m.data(16, new Uint8Array([1, 2, 3, 4]));
        m.function('run', ['f64'], ['f64'], (f) => {
          f.globalGet(count).i32(2).op('i32.add').globalSet(count);
          f.i32(32).i32(16).i32(4).memoryCopy();
          f.i32(64).i32(7).i32(3).memoryFill();
          f.get(f.params[0]!).call(twice).globalGet(count).op('f64.convert_i32_s').op('f64.add');
        });
      },
      { e: { twice: (x: number) => 2 * x, memory } },
    );
    expect(run(4)).toBe(50);
    const bytes = new Uint8Array(memory.buffer);
    expect([...bytes.slice(32, 37), ...bytes.slice(63, 68)]).toEqual([1, 2, 3, 4, 0, 0, 7, 7, 7, 0]);
  });

  test('vectors: constants, shuffles, lanes', () => {
    const lane = exported((m) =>
      m.function('f', [], ['i32'], (f) => {
        const bytes = Uint8Array.from({ length: 16 }, (_, i) => i);
        f.v128(bytes).v128(bytes.map((b) => b + 100));
        f.shuffle([0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23]).lane('i8x16.extract_lane_u', 3);
      }),
    );
    expect(lane()).toBe(101);
  });

  test('long functions outgrow the first buffer', () => {
    const f = exported((m) =>
      m.function('f', ['f64'], ['f64'], (b) => {
        b.get(b.params[0]!);
        for (let i = 0; i < 1000; i++) b.f64(1).op('f64.add');
      }),
    );
    expect(f(0)).toBe(1000);
  });
});
