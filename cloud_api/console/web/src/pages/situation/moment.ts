// Moments as people read them: the clock of the person's machine.
const formats = new Map<string, Intl.DateTimeFormat>()

/** Returns a moment in words of a language. */
export function momentOf(iso: string, language: string): string {
  let format = formats.get(language)
  if (format === undefined) {
    format = new Intl.DateTimeFormat(language === 'zh' ? 'zh-CN' : 'en-GB', {
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
      hour12: false,
    })
    formats.set(language, format)
  }
  return format.format(new Date(iso))
}
