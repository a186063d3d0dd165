// The page's words in two languages.
import { watchEffect } from 'vue'
import { Problem } from '@/api/problem'
import { language, sayer } from '@/light/language'
import en from './en.json'
import zh from './zh.json'

export { language, nameOf, toggleLanguage } from '@/light/language'
export type Word = keyof typeof zh

export const say = sayer<Word>({ zh, en })

watchEffect(() => {
  document.documentElement.lang = language.value === 'zh' ? 'zh-CN' : 'en'
  document.title = `${say('title')} · cityloop`
})

/** Returns what went wrong, in words for the person who sits here. */
export function told(error: unknown): string {
  if (!(error instanceof Problem) || error.status === 0) return say('unreachable')
  if (error.status === 429) return say('slow')
  if (error.status === 401) return say('logged_out')
  if (error.status === 403) return say('forbidden')
  return `${say('refused')} ${error.detail}`
}
