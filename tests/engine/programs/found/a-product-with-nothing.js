module.exports = (chainrule) => {
  const { zeros, tensordot } = chainrule;
  const f = (x, y) => [tensordot(y, x.narrow(0, 6, 0), 1), x.narrow(0, 6, 0).norm()];
  return { f, calls: [[zeros([6]), zeros([0])]], cells: [] };
};
