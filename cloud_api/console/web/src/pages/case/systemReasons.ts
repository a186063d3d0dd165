// Reasons that the system writes into a case's log are English, whoever reads them; here they are said in his language.
import { moment } from '@/components/spans'

type Translate = (key: string, values?: Record<string, unknown>) => string

const FORMS: readonly (readonly [RegExp, string, readonly string[]])[] = [
  [/^(automatic|active|passive) discovery is filed at once; rule (\S+) (\S+): (.*)$/s, 'filed_at_once', ['discovery', 'rule', 'version', 'expression']],
  [/^rule (\S+) (\S+): (.*)$/s, 'rule', ['rule', 'version', 'expression']],
  [/^same dedupe key '(.*)'$/s, 'same_key', ['key']],
  [/^event revision (\d+): level (\w+), phase (\w+)$/, 'revision', ['rev', 'level', 'phase']],
  [/^duplicate of (\S+): (\d+) m and ([\d.]+) h apart(?:, same picture)?, odds ([\d.]+)$/, 'duplicate', ['number', 'metres', 'hours', 'odds']],
  [/^level rose to (\w+)$/, 'level_rose', ['level']],
  [/^(\w+): (\d+)% of the limit is used up, due (.+)$/, 'limit', ['clock', 'percent', 'due']],
]
const LEVELS = ['blue', 'yellow', 'red']
const PHASES = ['open', 'update', 'end']
const CLOCKS = ['response', 'resolve', 'file', 'dispatch', 'handle', 'feed_back', 'close', 'collect', 'evaluate']

/** Returns a reason in the person's language; one that people wrote, or of another form, as it is. */
export function reasonIn(reason: string, actor: string, t: Translate, locale: string): string {
  if (actor !== 'system') return reason
  for (const [form, name, parts] of FORMS) {
    const found = form.exec(reason)
    if (found === null) continue
    const values = parts.map((part, at) => [part, said(part, found[at + 1] ?? '', t, locale)])
    return t(`case.said.${name}`, Object.fromEntries(values) as Record<string, unknown>)
  }
  return reason
}

function said(part: string, value: string, t: Translate, locale: string): string {
  if (part === 'level' && LEVELS.includes(value)) return t(`level.${value}`)
  if (part === 'phase' && PHASES.includes(value)) return t(`case.phase.${value}`)
  if (part === 'discovery') return t(`case.discovered.${value}`)
  if (part === 'clock' && CLOCKS.includes(value)) return t(`case.clock.${value}`)
  if (part === 'due') return moment(value, locale)
  return value
}
