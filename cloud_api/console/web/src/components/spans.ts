// Moments and spans of time as people read them, in the language that is shown.

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** Returns a moment with day and time, short; empty for none. */
export function moment(iso: string | null | undefined, locale: string): string {
  if (!iso) return ''
  return new Date(iso).toLocaleString(locale === 'zh' ? 'zh-CN' : 'en-GB', {
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  })
}

/** Returns a moment with hour and minute only. */
export function clockTime(iso: string | null | undefined, locale: string): string {
  if (!iso) return ''
  const options = { hour: '2-digit', minute: '2-digit' } as const
  return new Date(iso).toLocaleTimeString(locale === 'zh' ? 'zh-CN' : 'en-GB', options)
}

/** Returns a span in the two greatest of days, hours and minutes, as `2 h 5 min`. */
export function span(milliseconds: number, locale: string): string {
  const zh = locale === 'zh'
  const units: [number, string][] = [
    [DAY, zh ? '天' : 'd'],
    [HOUR, zh ? '小时' : 'h'],
    [MINUTE, zh ? '分钟' : 'min'],
  ]
  let left = Math.abs(milliseconds)
  const parts: string[] = []
  for (const [size, name] of units) {
    const count = Math.floor(left / size)
    left -= count * size
    if (count > 0) parts.push(zh ? `${count} ${name}` : `${count} ${name}`)
    if (parts.length === 2) break
  }
  return parts.join(' ') || (zh ? '不到 1 分钟' : '< 1 min')
}
