module.exports = (chainrule) => {
  const { constant } = chainrule;
  const f = (x) => [x.transpose(-1, -2).matmul(x)];
  return { f, calls: [[constant([1, 2, 3, 4], { shape: [2, 1, 2] })]], cells: [] };
};
