// Language and size of type of the light pages; their words are small enough to come with them.
import { ref } from 'vue'
import { recall, remember } from '@/session/preferences'

export type Language = 'zh' | 'en'

function preferred(): Language {
  const kept = recall('language')
  if (kept === 'zh' || kept === 'en') return kept
  return navigator.language.toLowerCase().startsWith('en') ? 'en' : 'zh'
}

export const language = ref<Language>(preferred())

/** Returns what says a page's words in the language that is shown, with values put in. */
export function sayer<Word extends string>(
  words: Readonly<Record<Language, Readonly<Record<Word, string>>>>,
): (word: Word, values?: Readonly<Record<string, string | number>>) => string {
  return (word, values = {}) =>
    Object.entries(values).reduce(
      (text, [name, value]) => text.replace(`{${name}}`, String(value)),
      words[language.value][word],
    )
}

/** Returns the name of something in the language that is shown. */
export function nameOf(names: { zh?: string; en?: string } | null | undefined): string {
  return names?.[language.value] || names?.zh || ''
}

export function toggleLanguage(): void {
  language.value = language.value === 'zh' ? 'en' : 'zh'
  remember('language', language.value)
}
