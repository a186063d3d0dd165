// Two languages; the frame's words are here, each page's beside the page (zh.json, en.json).
import { createI18n } from 'vue-i18n'
import { watch } from 'vue'
import { recall, remember } from '@/session/preferences'

export const LANGUAGES = ['zh', 'en'] as const
export type Language = (typeof LANGUAGES)[number]

// One chunk for each language, with the words of every page.
const words = { zh: () => import('./zh'), en: () => import('./en') }
const loaded = new Set<Language>()

/** Returns the language that the person chose, else his browser's, else Chinese. */
export function preferred(): Language {
  const chosen = recall('language')
  if (chosen === 'zh' || chosen === 'en') return chosen
  return navigator.languages.find((tag) => /^(zh|en)\b/i.test(tag))?.toLowerCase().startsWith('en')
    ? 'en'
    : 'zh'
}

export const i18n = createI18n({
  legacy: false,
  locale: 'zh',
  fallbackLocale: 'en',
  messages: {},
})

/** Loads a language's words and shows them. A page's words stand below its folder's name. */
export async function speak(language: Language): Promise<void> {
  if (!loaded.has(language)) {
    i18n.global.setLocaleMessage(language, (await words[language]()).default)
    loaded.add(language)
  }
  i18n.global.locale.value = language
}

watch(
  i18n.global.locale,
  (language) => {
    document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en'
  },
  { immediate: true },
)

/** Shows another language and keeps the choice. */
export async function choose(language: Language): Promise<void> {
  remember('language', language)
  await speak(language)
}
