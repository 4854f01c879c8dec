module.exports = (chainrule) => {
  const { constant } = chainrule;
  const f = (x, w) => [x.convTranspose1d(w, { stride: 2, padding: 2 })];
  const x = constant([-5, 2, -2, 5], { shape: [1, 1, 4] });
  const w = constant([-5, 2, -2], { shape: [1, 1, 3] });
  return { f, calls: [[x, w]], cells: [] };
};
