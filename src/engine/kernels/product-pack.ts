/** Packing as a function of its own. */
import { writePacking, type Distance } from '../../base/products/pack.ts';
import type { TileDType } from '../../base/products/tile.ts';
import type { FunctionRef, Local } from '../../base/wasm/index.ts';
import type { Emission } from '../emission.ts';

/**
 * `pack(source, target, rows, depth, rowList, depthList, panelBytes)`: `rows` rows of `depth` elements into panels of
 * `width` rows, one panelBytes behind the other. Where a step is undefined, places are those of its list.
 */
export function packFunction(
  dtype: TileDType,
  width: number,
  row: number | undefined,
  inner: number | undefined,
  e: Emission,
): FunctionRef {
  const types = Array.from({ length: 7 }, () => 'i32' as const);
  return e.shared(['pack', dtype, width, row, inner].join(), () =>
    e.module.function(undefined, types, [], (body) => {
      const [source, target, rows, depth, rowList, depthList, panelBytes] = body.params as [
        Local,
        Local,
        Local,
        Local,
        Local,
        Local,
        Local,
      ];
      const distance = (step: number | undefined, list: Local): Distance => step ?? { list };
      writePacking(body, {
        dtype,
        width,
        source,
        target,
        rows,
        depth,
        panelBytes,
        row: distance(row, rowList),
        inner: distance(inner, depthList),
      });
    }),
  );
}
