// The page's words in two languages; small enough to be here, so that a telephone loads nothing more.
import { ref, watchEffect } from 'vue'
import { recall, remember } from '@/session/preferences'
import en from './en.json'
import zh from './zh.json'

export type Language = 'zh' | 'en'
export type Word = keyof typeof zh

const WORDS: Readonly<Record<Language, Readonly<Record<Word, string>>>> = { zh, en }

function preferred(): Language {
  const kept = recall('language')
  if (kept === 'zh' || kept === 'en') return kept
  return navigator.language.toLowerCase().startsWith('en') ? 'en' : 'zh'
}

export const language = ref<Language>(preferred())
export const large = ref(recall('large') === 'yes')

watchEffect(() => {
  document.documentElement.lang = language.value === 'zh' ? 'zh-CN' : 'en'
  document.documentElement.classList.toggle('large', large.value)
  document.title = `${WORDS[language.value].title} · cityloop`
})

/** Returns a word in the language that is shown, with values put in. */
export function say(word: Word, values: Readonly<Record<string, string | number>> = {}): string {
  return Object.entries(values).reduce(
    (text, [name, value]) => text.replace(`{${name}}`, String(value)),
    WORDS[language.value][word],
  )
}

/** Returns the name of something in the language that is shown. */
export function nameOf(names: { zh?: string; en?: string } | null | undefined): string {
  return names?.[language.value] ?? names?.zh ?? ''
}

export function toggleLanguage(): void {
  language.value = language.value === 'zh' ? 'en' : 'zh'
  remember('language', language.value)
}

export function toggleLarge(): void {
  large.value = !large.value
  remember('large', large.value ? 'yes' : 'no')
}
