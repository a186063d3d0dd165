// Keys that do something on a page; silent while somebody types or a dialog is open.
import { onBeforeUnmount, onMounted } from 'vue'

export interface Shortcut {
  /** The key as the browser names it, such as `j` or `?`. */
  readonly key: string
  /** What it does, in the language that is shown. */
  readonly does: string
  readonly run: () => void
}

const FIELDS = new Set(['INPUT', 'TEXTAREA', 'SELECT'])

function types(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false
  if (target instanceof HTMLInputElement && ['checkbox', 'radio'].includes(target.type)) return false
  return FIELDS.has(target.tagName) || target.isContentEditable
}

/** Listens for shortcuts as long as the component is there. */
export function useShortcuts(shortcuts: () => readonly Shortcut[]): void {
  function onKey(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey || types(event.target)) return
    if (document.querySelector('dialog[open]') !== null) return
    const found = shortcuts().find((each) => each.key === event.key)
    if (found === undefined) return
    event.preventDefault()
    found.run()
  }
  onMounted(() => document.addEventListener('keydown', onKey))
  onBeforeUnmount(() => document.removeEventListener('keydown', onKey))
}
