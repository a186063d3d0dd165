// A scope in words, and as the fields of a form.
import type { Schema } from '@/api/client'
import { departmentName } from '@/components/catalogue'

export type ScopeView = Schema<'ScopeView'>

/** Returns what of the city a scope holds, in words; of an unbounded one, `whole`. */
export function scopeWords(scope: ScopeView, locale: string, whole: string): string {
  const kinds = [
    scope.districts.join(', '),
    scope.departments.map((id) => departmentName(id, locale)).join(', '),
    scope.grids.join(', '),
  ].filter(Boolean)
  return kinds.length > 0 ? kinds.join(' × ') : whole
}

/** Returns the names in a text, separated by spaces or commas. */
export function names(text: string): string[] {
  return text.split(/[\s,，、]+/).filter(Boolean)
}
