// 344 penguins: four measurements of each (missing ones are NaN), and its species as a number.
import { constant, type Value } from 'chainrule';
import { LabelEncoder, numericColumn, readCsv } from 'chainrule/data';
import { dataFile } from './setting.ts';

export interface Penguins {
  /** [344, 4]: length and depth of the bill, length of the flippers, mass. */
  readonly x: Value;
  /** [344]. */
  readonly y: Value;
  /** The names of the species. */
  readonly species: readonly string[];
}

export function penguins(): Penguins {
  const table = readCsv(dataFile('penguins.csv'));
  const columns = ['bill_length_mm', 'bill_depth_mm', 'flipper_length_mm', 'body_mass_g'];
  const measured = columns.map((name) => numericColumn(table, name));
  const labels = new LabelEncoder();
  const at = table.columns.indexOf('species');
  const y = labels.fitTransform(table.rows.map((row) => row[at]!));
  const x = constant(table.rows.map((_, i) => measured.map((column) => column[i]!)));
  return { x, y, species: labels.classes.map(String) };
}
