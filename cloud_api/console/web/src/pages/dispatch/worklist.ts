// The queue as this window shows it: filters from the URL, rows from the API, what is chosen.
import { computed, onBeforeUnmount, reactive, ref, shallowRef, watch, type ComputedRef, type Ref } from 'vue'
import { useRoute, useRouter, type LocationQuery } from 'vue-router'
import { api, data, type Schema } from '@/api/client'
import { stream } from '@/api/stream'
import { reporting } from '@/layout/banners'

export type Row = Schema<'CaseView'>
export type Worklist = Schema<'WorklistView'>

const FILTERS = ['lamp', 'state', 'level', 'department', 'person', 'tier'] as const
export type Filter = (typeof FILTERS)[number]
const PAGE = 50
const SETTLE_MS = 400

export interface Queue {
  readonly list: Readonly<Ref<Worklist | null>>
  readonly rows: ComputedRef<readonly Row[]>
  readonly filters: ComputedRef<Readonly<Partial<Record<Filter, string>>>>
  readonly chosen: Map<string, Row>
  readonly page: ComputedRef<number>
  readonly pages: ComputedRef<number>
  load(): Promise<void>
  narrow(filter: Filter, value: string | undefined): void
  turn(page: number): void
  toggle(row: Row): void
}

function only(query: LocationQuery, name: string): string | undefined {
  const value = query[name]
  return typeof value === 'string' ? value : undefined
}

/** Follows the queue; it reads again after changes, not more often than the page settles. */
export function useQueue(): Queue {
  const route = useRoute()
  const router = useRouter()
  const list = shallowRef<Worklist | null>(null)
  const chosen = reactive(new Map<string, Row>()) as Map<string, Row>
  const pending = ref<ReturnType<typeof setTimeout> | null>(null)

  const filters = computed(() =>
    Object.fromEntries(
      FILTERS.map((name) => [name, only(route.query, name)]).filter(([, value]) => value !== undefined),
    ) as Partial<Record<Filter, string>>,
  )
  const page = computed(() => Math.max(1, Number(only(route.query, 'page')) || 1))
  const rows = computed(() => list.value?.items ?? [])
  const pages = computed(() => Math.max(1, Math.ceil((list.value?.total ?? 0) / PAGE)))

  async function load(): Promise<void> {
    const query = { ...filters.value, skip: (page.value - 1) * PAGE, limit: PAGE }
    const found = await reporting(() =>
      data(api.GET('/v1/worklist', { params: { query: query as never } })),
    )
    if (found === null) return
    list.value = found
    // What is on the screen is what a decision is about: the version that is seen is the one that is sent.
    for (const row of found.items) if (chosen.has(row.case_id)) chosen.set(row.case_id, row)
  }

  function go(query: Record<string, string | undefined>): void {
    void router.replace({ query: { ...route.query, ...query } })
  }

  const silent = stream.listen((change) => {
    if (change.topic !== 'case' || pending.value !== null) return
    pending.value = setTimeout(() => {
      pending.value = null
      if (document.querySelector('dialog[open]') === null) void load()
    }, SETTLE_MS)
  })
  onBeforeUnmount(() => {
    silent()
    if (pending.value !== null) clearTimeout(pending.value)
  })
  watch(() => [filters.value, page.value, stream.begun.value], load, { immediate: true, deep: true })

  return {
    list,
    rows,
    filters,
    chosen,
    page,
    pages,
    load,
    narrow: (filter, value) => go({ [filter]: value, page: undefined }),
    turn: (to) => go({ page: String(to) }),
    toggle: (row) => {
      if (!chosen.delete(row.case_id)) chosen.set(row.case_id, row)
    },
  }
}
