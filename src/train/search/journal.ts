/** A search's results on disk, a line of JSON for each training: what has been done need not be done again. */
import { DataError } from '../../base/errors.ts';
import { builtin } from '../../base/node.ts';
import type { Plain } from './space.ts';

/** What one training gave: its scores, or why it failed. */
export interface Outcome {
  readonly parameters: Readonly<Record<string, Plain>>;
  readonly fold: number;
  readonly seconds: number;
  readonly scores?: Readonly<Record<string, number>>;
  readonly error?: string;
}

/** What results depend on beside their parameters. */
export interface Setting {
  readonly seed: number;
  readonly folds: number;
  readonly examples: number;
}

/** Where outcomes are kept. */
export interface Journal {
  find(parameters: Outcome['parameters'], fold: number): Outcome | undefined;
  add(outcome: Outcome): void;
}

/** Numbers that JSON has no words for, as text. */
const plainNumbers = (_: string, x: unknown): unknown => (typeof x === 'number' && !Number.isFinite(x) ? String(x) : x);

/** The same parameters in any order. */
const keyOf = (parameters: Outcome['parameters'], fold: number): string =>
  JSON.stringify([Object.entries(parameters).sort(([a], [b]) => (a < b ? -1 : 1)), fold], plainNumbers);

/** Outcomes by what they are of; `write` keeps them longer than the search. */
function journalOf(known: Map<string, Outcome>, write: (outcome: Outcome) => void): Journal {
  return {
    find: (parameters, fold) => known.get(keyOf(parameters, fold)),
    add: (outcome) => {
      write(outcome);
      known.set(keyOf(outcome.parameters, outcome.fold), outcome);
    },
  };
}

const reason = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** The text of the file up to the last line that was written as a whole; what stands behind it is cut off. */
function wholeLines(path: string, op: string): string {
  const fs = builtin('node:fs', op);
  if (!fs.existsSync(path)) return '';
  const bytes = fs.readFileSync(path);
  const end = bytes.lastIndexOf(10) + 1;
  if (end < bytes.length) fs.truncateSync(path, end);
  return bytes.subarray(0, end).toString('utf8');
}

function parseLine(line: string, at: number, path: string, op: string): Record<string, unknown> {
  try {
    const parsed: unknown = JSON.parse(line);
    if (typeof parsed === 'object' && parsed !== null) return parsed as Record<string, unknown>;
  } catch {
    // Said below.
  }
  throw new DataError(`${path}, line ${at}: no JSON object`, {
    op,
    hint: 'The file is of something else, or damaged; remove the line, or choose another file.',
  });
}

function isOutcome(x: Record<string, unknown>): boolean {
  const isRecord = (part: unknown): boolean => typeof part === 'object' && part !== null && !Array.isArray(part);
  const hasResult = typeof x['error'] === 'string' || isRecord(x['scores']);
  return isRecord(x['parameters']) && Number.isInteger(x['fold']) && typeof x['seconds'] === 'number' && hasResult;
}

function checkSetting(found: Record<string, unknown>, setting: Setting, path: string, op: string): void {
  for (const [name, wanted] of Object.entries(setting)) {
    if (found[name] === wanted) continue;
    throw new DataError(`${path} is of a search with ${name} ${JSON.stringify(found[name])}, this one has ${wanted}`, {
      op,
      hint: 'Results of different searches cannot be compared: choose another file.',
    });
  }
}

/**
 * The journal in this file, which is made where there is none. A last line that was cut off by an interruption is dropped.
 * @throws DataError for a file of another search, or of something else, naming the line.
 */
export function openJournal(op: string, path: string | undefined, setting: Setting, retry: boolean): Journal {
  const known = new Map<string, Outcome>();
  if (path === undefined) return journalOf(known, () => undefined);
  const fs = builtin('node:fs', op);
  const append = (x: object): void => fs.appendFileSync(path, `${JSON.stringify(x, plainNumbers)}\n`, { flush: true });
  try {
    const lines = wholeLines(path, op).split('\n').slice(0, -1);
    const rows = lines.map((line, i) => parseLine(line, i + 1, path, op));
    if (rows.length === 0) append({ search: setting });
    else checkSetting((rows[0]!['search'] ?? {}) as Record<string, unknown>, setting, path, op);
    rows.slice(1).forEach((row, i) => {
      if (!isOutcome(row)) throw new DataError(`${path}, line ${i + 2}: no result of a search`, { op });
      const outcome = row as unknown as Outcome;
      // What failed is tried again if wished: it stays in the file, behind it stands what comes of it.
      if (retry && outcome.error !== undefined) known.delete(keyOf(outcome.parameters, outcome.fold));
      else known.set(keyOf(outcome.parameters, outcome.fold), outcome);
    });
  } catch (error) {
    if (error instanceof DataError) throw error;
    throw new DataError(`cannot read ${path}: ${reason(error)}`, { op, cause: error });
  }
  return journalOf(known, append);
}
