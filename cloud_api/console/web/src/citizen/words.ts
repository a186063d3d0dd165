// The page's words in two languages; small enough to be here, so that a telephone loads nothing more.
import { ref, watchEffect } from 'vue'
import { language, sayer } from '@/light/language'
import { recall, remember } from '@/session/preferences'
import en from './en.json'
import zh from './zh.json'

export { language, nameOf, toggleLanguage } from '@/light/language'
export type Word = keyof typeof zh

export const say = sayer<Word>({ zh, en })
export const large = ref(recall('large') === 'yes')

watchEffect(() => {
  document.documentElement.lang = language.value === 'zh' ? 'zh-CN' : 'en'
  document.documentElement.classList.toggle('large', large.value)
  document.title = `${say('title')} · cityloop`
})

export function toggleLarge(): void {
  large.value = !large.value
  remember('large', large.value ? 'yes' : 'no')
}
