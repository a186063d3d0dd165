// What a page shows, kept in its address: a link shows somebody else the same.
import { computed, type ComputedRef } from 'vue'
import { useRoute, useRouter } from 'vue-router'

export interface Address<Name extends string> {
  /** What is in the address; absent names are not chosen. */
  readonly chosen: ComputedRef<Readonly<Partial<Record<Name, string>>>>
  /** Changes some of it, in place; an empty text or undefined takes a name out. */
  put(changes: Partial<Record<Name, string | undefined>>): void
}

/** Follows some names of the address's query. */
export function useAddress<Name extends string>(names: readonly Name[]): Address<Name> {
  const route = useRoute()
  const router = useRouter()
  // Two changes in one moment must not undo each other: the address lags behind until it is settled.
  let wanted: Record<string, string | undefined> = {}
  return {
    chosen: computed(() => {
      const found: Partial<Record<Name, string>> = {}
      for (const name of names) {
        const value = route.query[name]
        if (typeof value === 'string' && value !== '') found[name] = value
      }
      return found
    }),
    put(changes) {
      for (const [name, value] of Object.entries(changes)) wanted[name] = (value as string) || undefined
      void router.replace({ query: { ...route.query, ...wanted } }).then(() => (wanted = {}))
    },
  }
}
