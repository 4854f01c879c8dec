/** Operands for an op's samples. */
import type { Domain, Sample } from '../../ops/op.ts';
import type { Value } from '../../value/value.ts';
import { arbitraryValue } from '../arbitrary.ts';
import { fastCheck, type Arbitrary } from '../fast-check.ts';

const isInteger = ({ dtype }: Domain): boolean => dtype === 'int32' || dtype === 'bool';

/** In the domain; or anywhere, special numbers among them (not where integers are indices). */
const arbitraryOperand = (domain: Domain, special: boolean): Arbitrary<Value> =>
  special && !isInteger(domain)
    ? arbitraryValue({
        shape: domain.shape,
        dtype: domain.dtype ?? 'float64',
        min: -4,
        max: 4,
        special,
        requiresGrad: false,
      })
    : arbitraryValue({ ...domain, requiresGrad: false });

/** All operands of a sample, each in its domain unless `special`. */
export const arbitraryOperands = (sample: Sample, special: boolean): Arbitrary<Value[]> =>
  fastCheck('laws').tuple(...sample.inputs.map((domain) => arbitraryOperand(domain, special)));

/**
 * The call as a function of independent elements: where a domain is of symmetric matrices, elements that mirror each
 * other are moved together, for an op may read either half.
 */
export function freed(sample: Sample): Sample {
  const symmetric = sample.inputs.map(({ matrix }) => matrix === 'symmetric' || matrix === 'positiveDefinite');
  if (!symmetric.includes(true)) return sample;
  const call = (...xs: Value[]): unknown => sample.call(...xs.map((x, i) => (symmetric[i] ? symmetrized(x) : x)));
  return { ...sample, call };
}

function symmetrized(x: Value): Value {
  const axes = x.shape.map((_, i) => i);
  const n = axes.length;
  [axes[n - 1], axes[n - 2]] = [n - 2, n - 1];
  return x.add(x.permute(axes) as never).mul(0.5);
}
