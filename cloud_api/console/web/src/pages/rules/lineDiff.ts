// What changed between two texts, line by line.

export interface DiffLine {
  readonly sign: ' ' | '+' | '-'
  readonly text: string
  /** Line in the new text, from 1; of a removed line: in the old one. */
  readonly line: number
}

/** Longest table that is made; texts beyond it are shown as all removed and all added. */
const MOST_CELLS = 4_000_000

function tail(old: readonly string[], fresh: readonly string[]): Uint32Array[] {
  const rows = Array.from({ length: old.length + 1 }, () => new Uint32Array(fresh.length + 1))
  for (let i = old.length - 1; i >= 0; i -= 1) {
    for (let j = fresh.length - 1; j >= 0; j -= 1) {
      const row = rows[i] as Uint32Array
      const below = rows[i + 1] as Uint32Array
      row[j] = old[i] === fresh[j] ? (below[j + 1] ?? 0) + 1 : Math.max(below[j] ?? 0, row[j + 1] ?? 0)
    }
  }
  return rows
}

/** Returns changed lines, each with `around` unchanged ones about it; none where the texts are the same. */
export function lineDiff(before: string, after: string, around = 2): DiffLine[] {
  if (before === after) return []
  const old = before === '' ? [] : before.split('\n')
  const fresh = after.split('\n')
  let start = 0
  while (start < old.length && start < fresh.length && old[start] === fresh[start]) start += 1
  let end = 0
  while (end < old.length - start && end < fresh.length - start && old.at(-1 - end) === fresh.at(-1 - end)) end += 1
  const a = old.slice(start, old.length - end)
  const b = fresh.slice(start, fresh.length - end)
  const found: DiffLine[] = []
  const common = a.length * b.length > MOST_CELLS ? null : tail(a, b)
  let i = 0
  let j = 0
  while (i < a.length || j < b.length) {
    const same = common !== null && i < a.length && j < b.length && a[i] === b[j]
    const down = common?.[i + 1]?.[j] ?? 0
    const across = common?.[i]?.[j + 1] ?? 0
    if (same) {
      found.push({ sign: ' ', text: b[j] ?? '', line: start + j + 1 })
      i += 1
      j += 1
    } else if (i < a.length && (j >= b.length || down >= across)) {
      found.push({ sign: '-', text: a[i] ?? '', line: start + i + 1 })
      i += 1
    } else {
      found.push({ sign: '+', text: b[j] ?? '', line: start + j + 1 })
      j += 1
    }
  }
  const keep = (from: number, to: number): DiffLine[] =>
    fresh.slice(Math.max(0, from), to).map((text, index) => ({ sign: ' ', text, line: Math.max(0, from) + index + 1 }))
  const last = fresh.length - end
  const whole = [...keep(start - around, start), ...found, ...keep(last, Math.min(fresh.length, last + around))]
  return whole.filter(
    (each, index) => each.sign !== ' ' || whole.slice(Math.max(0, index - around), index + around + 1).some((near) => near.sign !== ' '),
  )
}
