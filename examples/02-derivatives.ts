// Derivatives of functions: both modes, any order, over batches, and a method of Newton's that uses them.
import { grad, hessian, jvp, solve, trace, value, vmap, type Value } from 'chainrule';

// f(x₁, x₂) = x₁x₂ + sin x₁
const f = (x1: Value, x2: Value): Value => x1.mul(x2).add(x1.sin());
const [x1, x2] = [value(2), value(5)];

const [d1, d2] = grad(f, { argnums: [0, 1] })(x1, x2);
console.log(`reverse mode, one walk for all:  ∂f/∂x₁ = x₂ + cos x₁ = ${d1.item()}, ∂f/∂x₂ = x₁ = ${d2.item()}`);

const [y, dy] = jvp(f, [x1, x2], [1, 0]);
console.log(`forward mode, one per direction: f = ${y.item()}, ∂f/∂x₁ = ${dy.item()}`);

// Every derivative is a function like any other, so it can be differentiated again.
let g = (x: Value): Value => x.sin();
const table = [];
for (let order = 0; order <= 4; order++) {
  table.push(g(value(1)).item().toFixed(6));
  g = grad(g);
}
console.log(`\nsin and its first four derivatives at 1: ${table.join('  ')}`);

// vmap turns a function of one number into a function of many.
const slopes: Value = vmap(grad((x: Value) => x.tanh()))(value([-2, -1, 0, 1, 2]));
console.log(`slopes of tanh at −2 … 2: ${Array.from(slopes.data, (s) => s.toFixed(3)).join('  ')}`);

// Newton's method on Rosenbrock's valley: step by H⁻¹∇.
const valley = (p: Value): Value => {
  const [u, v] = [p.at(0), p.at(1)];
  return u.neg().add(1).square().add(v.sub(u.square()).square().mul(100));
};
console.log('\nNewton’s method in (1 − u)² + 100 (v − u²)²:');
let p: Value = value([-1.2, 1]);
for (let step = 0; step <= 6; step++) {
  const [u, v] = p.toArray() as number[];
  console.log(
    `  step ${step}  u = ${u!.toFixed(9)}  v = ${v!.toFixed(9)}  height ${valley(p).item().toExponential(2)}`,
  );
  p = p.sub(solve(hessian(valley)(p), grad(valley)(p))).detach();
}

// The same f, as the list of primitives that it is made of.
console.log(`\n${String(trace(f, x1, x2))}`);
