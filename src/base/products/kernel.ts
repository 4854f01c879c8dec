/** The compiled kernel of one dtype, and the memory in which it works. */
import type { Storage } from '../dtypes.ts';
import { WasmModule, type Local } from '../wasm/index.ts';
import { writeMultiply } from './multiply.ts';
import { writePacking } from './pack.ts';
import { K_BLOCK, tileOf, type ProductDType, type TileShape } from './tile.ts';

/**
 * The largest block that is worked on at a time: rows and columns of the result, and k brought in at once. 256 rows of
 * panels fit half of a second-level cache of 1 MB. These decide about speed only.
 */
export const ROWS = 256;
export const COLUMNS = 512;
export const DEPTH: number = 4 * K_BLOCK;

/** Bytes of the widest element. */
const WIDEST = 8;
const PAGE = 65536;

export type Area = 'left' | 'right' | 'leftPanels' | 'rightPanels' | 'result';

// Reading the last panel of a block overshoots by less than one panel: into the next area, or the spare page at the end.
const SIZES: Readonly<Record<Area, number>> = {
  left: ROWS * DEPTH,
  right: COLUMNS * DEPTH,
  leftPanels: ROWS * K_BLOCK,
  rightPanels: COLUMNS * K_BLOCK,
  result: ROWS * COLUMNS,
};

function placeAreas(): { readonly areas: Readonly<Record<Area, number>>; readonly pages: number } {
  const areas: Partial<Record<Area, number>> = {};
  let end = 0;
  for (const [area, size] of Object.entries(SIZES) as [Area, number][]) {
    areas[area] = end;
    end += size * WIDEST;
  }
  return { areas: areas as Record<Area, number>, pages: end / PAGE + 1 };
}

const { areas, pages } = placeAreas();

/** Where each area starts, in bytes: operands as they come, operands in panels, and the result. */
export const AREAS: Readonly<Record<Area, number>> = areas;

type Pack = (source: number, target: number, rows: number, depth: number, row: number, inner: number) => void;

export interface ProductKernel {
  readonly tile: TileShape;
  /** All of the memory. */
  readonly view: Storage;
  readonly packRows: Pack;
  readonly packColumns: Pack;
  readonly multiply: (
    a: number,
    b: number,
    c: number,
    rowPanels: number,
    columnPanels: number,
    depth: number,
    cRow: number,
    more: number,
  ) => void;
}

const limits = { initial: pages, maximum: pages };
let memory: WebAssembly.Memory | undefined;
const kernels = new Map<ProductDType, ProductKernel>();

/** The kernel, generated at first use. Nothing stays in its memory between calls. */
export function productKernel(dtype: ProductDType): ProductKernel {
  let kernel = kernels.get(dtype);
  if (kernel === undefined) {
    kernel = compile(dtype);
    kernels.set(dtype, kernel);
  }
  return kernel;
}

/** Exports `name(source, target, rows, depth, row, inner)`: all in bytes but rows and depth. */
function writePack(module: WasmModule, name: string, dtype: ProductDType, width: number): void {
  module.function(name, ['i32', 'i32', 'i32', 'i32', 'i32', 'i32'], [], (body) => {
    const [source, target, rows, depth, row, inner] = body.params as [Local, Local, Local, Local, Local, Local];
    writePacking(body, { dtype, width, source, target, rows, depth, row, inner });
  });
}

function compile(dtype: ProductDType): ProductKernel {
  memory ??= new WebAssembly.Memory(limits);
  const tile = tileOf(dtype);
  const module = new WasmModule();
  module.importMemory('products', 'memory', limits);
  writePack(module, 'packRows', dtype, tile.rows);
  writePack(module, 'packColumns', dtype, tile.columns);
  writeMultiply(module, dtype);
  const instance = new WebAssembly.Instance(new WebAssembly.Module(module.encode()), { products: { memory } });
  const { packRows, packColumns, multiply } = instance.exports as unknown as Omit<ProductKernel, 'tile' | 'view'>;
  const view = dtype === 'float64' ? new Float64Array(memory.buffer) : new Float32Array(memory.buffer);
  return { tile, view, packRows, packColumns, multiply };
}
