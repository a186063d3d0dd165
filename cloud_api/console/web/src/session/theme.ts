// Dark or light: the machine's choice unless the person made one.
import { ref, watchEffect } from 'vue'
import { recall, remember } from './preferences'

export type Theme = 'light' | 'dark'

const dark = matchMedia('(prefers-color-scheme: dark)')
const kept = recall('theme')

export const theme = ref<Theme>(
  kept === 'light' || kept === 'dark' ? kept : dark.matches ? 'dark' : 'light',
)

watchEffect(() => {
  document.documentElement.dataset.theme = theme.value
})

export function toggleTheme(): void {
  theme.value = theme.value === 'dark' ? 'light' : 'dark'
  remember('theme', theme.value)
}
