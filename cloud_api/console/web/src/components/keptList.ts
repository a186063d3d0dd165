// A list that is read again and again while its page is open, and the one thing of it that the address names.
import { computed, onBeforeUnmount, onMounted, shallowRef, type ComputedRef, type ShallowRef } from 'vue'
import { useRoute, useRouter } from 'vue-router'
import { report } from '@/layout/banners'

export interface KeptList<List> {
  /** Null until it was read once. */
  readonly list: ShallowRef<List | null>
  /** What the address names; empty for nothing. */
  readonly chosen: ComputedRef<string>
  choose: (name: string) => void
  /** Reads it now, and from then on as often as before. */
  read: () => Promise<void>
}

/**
 * Returns a list that is kept up to date; only a first reading that fails is told, later ones are tried again.
 *
 * @param name of the address's parameter for what is chosen
 * @param everyMs between readings
 * @param ask reads the list
 * @param arrived is called with each list that was read
 */
export function keptList<List>(
  name: string,
  everyMs: number,
  ask: () => Promise<List>,
  arrived: (list: List, kept: KeptList<List>) => void = () => undefined,
): KeptList<List> {
  const route = useRoute()
  const router = useRouter()
  const list = shallowRef<List | null>(null) as ShallowRef<List | null>
  let timer: ReturnType<typeof setTimeout> | undefined
  let gone = false

  async function read(): Promise<void> {
    clearTimeout(timer)
    try {
      list.value = await ask()
      arrived(list.value, kept)
    } catch (error) {
      if (list.value === null) report(error)
    }
    if (!gone) timer = setTimeout(() => void read(), everyMs)
  }

  const kept: KeptList<List> = {
    list,
    chosen: computed(() => String(route.query[name] ?? '')),
    choose: (wanted) => void router.replace({ query: { ...route.query, [name]: wanted } }),
    read,
  }
  onMounted(() => void read())
  onBeforeUnmount(() => {
    gone = true
    clearTimeout(timer)
  })
  return kept
}
