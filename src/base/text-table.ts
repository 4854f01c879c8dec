/** Tables of text, for terminals. */

/** Where a column's cells stand. */
export type Alignment = 'left' | 'right';

/**
 * Rows under a heading, between rules; columns are as wide as their widest cell, and stand left unless told.
 * @example textTable([['name', 'n'], ['weight', '12']], ['left', 'right'])
 */
export function textTable(rows: readonly (readonly string[])[], alignment: readonly Alignment[] = []): string[] {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => row[i]!.length)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, i) => (alignment[i] === 'right' ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!)))
      .join('  ')
      .trimEnd();
  const rule = '─'.repeat(
    Math.max(
      0,
      widths.reduce((sum, width) => sum + width + 2, -2),
    ),
  );
  return [line(rows[0] ?? []), rule, ...rows.slice(1).map(line), rule];
}
