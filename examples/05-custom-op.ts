// An op of one's own: declared once; records, differentiates to any order, batches, draws, and is held to the laws.
import { defineOp, grad, value, vmap, type Value } from 'chainrule';
import { toDot } from 'chainrule/graph';
import { checkGradients, checkOp } from 'chainrule/testing';

// The Gaussian bell e^(−x²). Its derivative is written with ops (y is the result), so it has derivatives itself.
const bell = defineOp({
  name: 'bell',
  elementwise: (x) => Math.exp(-x * x),
  partials: [(y, x) => y.mul(x).mul(-2)],
});

console.log('x            ', [0, 0.5, 1].join('  '));
const x = value([0, 0.5, 1], { label: 'x' });
console.log('bell(x)      ', String(bell(x)));
console.log('its slope    ', String(vmap(grad(bell))(x)));
console.log('and curvature', String(vmap(grad(grad(bell)))(x)));

checkOp(bell);
console.log('\nEvery law of the library’s own ops holds for it.');

checkGradients((v: Value) => bell(v).sum().log(), [x]);
console.log('So do the derivatives of what is built with it.');

// What the same check says where a derivative is wrong: here a sign.
const wrong = defineOp({
  name: 'wrongBell',
  elementwise: (v) => Math.exp(-v * v),
  partials: [(y, v) => y.mul(v).mul(2)],
});
try {
  checkGradients((v: Value) => wrong(v), [x]);
} catch (error) {
  console.log(`\nWith a mistake in the sign:\n${(error as Error).message}`);
}

console.log(`\nIt draws like any other: ${toDot(bell(x)).includes('bell') ? 'a node named bell' : 'no node?'}`);
