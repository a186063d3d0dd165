// Reasons that the system gave come in both languages; what people wrote stays as it is.
import { moment } from '@/components/spans'
import type { Schema } from '@/api/client'

type Said = Schema<'SystemReasonView'>

const MOMENT = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|\+00:00)/g

/** Returns a reason in the person's language, with moments as his clock shows them. */
export function reasonIn(reason: string, said: Said | null | undefined, locale: string): string {
  if (!said) return reason
  const text = locale === 'zh' ? said.zh : said.en
  return text.replace(MOMENT, (found) => moment(found, locale))
}
