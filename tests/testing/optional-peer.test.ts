/** fast-check is an optional peer: without it, all that does not need it works, and the rest says what to do. */
import type * as Core from 'chainrule';
import type * as Testing from 'chainrule/testing';
import type * as FastCheck from 'fast-check';

function withoutFastCheck(use: (testing: typeof Testing, core: typeof Core) => void): void {
  const { getBuiltinModule } = process;
  jest.isolateModules(() => {
    jest.doMock('fast-check', () => {
      throw new Error("Cannot find module 'fast-check'");
    });
    process.getBuiltinModule = () => undefined;
    try {
      use(jest.requireActual<typeof Testing>('chainrule/testing'), jest.requireActual<typeof Core>('chainrule'));
    } finally {
      process.getBuiltinModule = getBuiltinModule;
      jest.dontMock('fast-check');
    }
  });
}

test('plain inputs need nothing', () => {
  withoutFastCheck(({ checkGradients, gradientReport }, { value }) => {
    checkGradients((x: ReturnType<typeof value>) => x.exp(), [value([1, 2])]);
    expect(gradientReport((x: ReturnType<typeof value>) => x.exp(), [1]).ok).toBe(true);
  });
});

test('arbitraries say what is missing', () => {
  withoutFastCheck(({ arbitraryValue }) => {
    expect(() => arbitraryValue({ shape: [2] })).toThrow(
      /needs fast-check.*npm install --save-dev fast-check.*useFastCheck/s,
    );
  });
});

test('it can be handed over', () => {
  const fc = jest.requireActual<typeof FastCheck>('fast-check');
  withoutFastCheck(({ arbitraryValue, useFastCheck }) => {
    useFastCheck(fc);
    expect(fc.sample(arbitraryValue({ shape: [2] }), 1)[0]!.shape).toEqual([2]);
  });
});

test('what is no fast-check is refused', () => {
  withoutFastCheck(({ useFastCheck }) => {
    expect(() => useFastCheck({} as never)).toThrow(/is not fast-check/);
  });
});
