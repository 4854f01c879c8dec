module.exports = (chainrule) => {
  const { linspace } = chainrule;
  const f = (x) => [x.transpose(1, -2).repeat([1, 2])];
  return { f, calls: [[linspace(0, 1, 36).reshape([9, 4]).to('float32')]], cells: [] };
};
