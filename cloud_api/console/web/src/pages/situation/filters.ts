// What is shown, kept in the page's address: a link shows somebody else the same.
import { computed, type WritableComputedRef } from 'vue'
import { useRoute, useRouter, type LocationQueryValue } from 'vue-router'
import { LAMPS, LEVELS, type Lamp, type Level } from '@/api/event'

export const LAYERS = ['cases', 'events', 'devices', 'teams', 'grid', 'heat'] as const
export type Layer = (typeof LAYERS)[number]
export type Tab = 'cases' | 'events'
const SHOWN: readonly Layer[] = ['cases', 'events', 'devices', 'teams', 'grid']

export interface Filters {
  readonly tab: WritableComputedRef<Tab>
  readonly levels: WritableComputedRef<readonly Level[]>
  readonly lamps: WritableComputedRef<readonly Lamp[]>
  readonly text: WritableComputedRef<string>
  readonly past: WritableComputedRef<boolean>
  readonly layers: WritableComputedRef<readonly Layer[]>
  readonly picked: WritableComputedRef<string>
  readonly at: WritableComputedRef<string>
}

function one(value: LocationQueryValue | LocationQueryValue[] | undefined): string {
  return (Array.isArray(value) ? value[0] : value) ?? ''
}

/** Returns the filters; setting one changes the address, in place. An empty one is not in it. */
export function useFilters(): Filters {
  const route = useRoute()
  const router = useRouter()
  // Two filters set in one moment must not undo each other: the address lags behind until it is settled.
  let wanted: Record<string, string | undefined> = {}

  function put(name: string, value: string): void {
    wanted = { ...wanted, [name]: value || undefined }
    void router.replace({ query: { ...route.query, ...wanted } }).then(() => (wanted = {}))
  }

  function some<T extends string>(name: string, known: readonly T[], none: readonly T[]) {
    return computed<readonly T[]>({
      get: () => {
        const text = one(route.query[name])
        if (text === '') return none
        return known.filter((each) => text.split(',').includes(each))
      },
      set: (chosen) => {
        const same = chosen.length === none.length && none.every((each) => chosen.includes(each))
        put(name, same ? '' : chosen.length ? chosen.join(',') : 'none')
      },
    })
  }

  function text(name: string): WritableComputedRef<string> {
    return computed({ get: () => one(route.query[name]), set: (value) => put(name, value) })
  }

  return {
    tab: computed({
      get: () => (one(route.query.tab) === 'events' ? 'events' : 'cases'),
      set: (value) => put('tab', value === 'cases' ? '' : value),
    }),
    levels: some<Level>('level', LEVELS, []),
    lamps: some<Lamp>('lamp', LAMPS, []),
    text: text('q'),
    past: computed({
      get: () => one(route.query.past) === '1',
      set: (value) => put('past', value ? '1' : ''),
    }),
    layers: some<Layer>('layers', LAYERS, SHOWN),
    picked: text('pick'),
    at: text('at'),
  }
}
