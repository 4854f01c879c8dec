module.exports = (chainrule) => {
  const { zeros } = chainrule;
  const f = (x) => [x.avgPool1d(1, { stride: 1 }).sum([1, 0], { keepDims: true })];
  return { f, calls: [[zeros([0, 1], { dtype: 'float32' })]], cells: [] };
};
