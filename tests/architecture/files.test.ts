import { filesUnder, read } from './sources.ts';

// A file is read in one sitting. Past the comfortable length it is named; past the hard limit the test fails.
const comfortable = 400;
const limit = 450;

test(`no file is longer than ${limit} lines`, () => {
  const lengths = filesUnder('src', 'tests', 'examples', 'benchmarks')
    .filter((file) => !file.endsWith('.generated.ts'))
    .map((file) => ({ file, lines: read(file).split('\n').length - 1 }));
  const long = lengths.filter(({ lines }) => lines > comfortable);
  if (long.length > 0) console.warn(long.map(({ file, lines }) => `${file}: ${lines} lines`).join('\n'));
  expect(long.filter(({ lines }) => lines > limit)).toEqual([]);
});
