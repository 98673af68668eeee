/** Rows under a heading in columns as wide as their content; numbers are aligned to the right. */
export function table(heading: readonly string[], rows: readonly (readonly (string | number)[])[]): string[] {
  const cells = [heading, ...rows.map((r) => r.map(String))]
  const right = heading.map((_, c) => rows.length > 0 && rows.every((r) => typeof r[c] === 'number' || /^[-−+±]?[\d.]+( ?[KMG%×]| ms| dB| points)?$|^[-–]$|^equal$/.test(String(r[c]))))
  const widths = heading.map((_, c) => Math.max(...cells.map((r) => (r[c] ?? '').length)))
  return cells.map((r) => ('  ' + r.map((cell, c) => (right[c] ? cell.padStart(widths[c]!) : cell.padEnd(widths[c]!))).join('  ')).trimEnd())
}
