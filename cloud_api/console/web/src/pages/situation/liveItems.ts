// Cases and events as they stand: read once, then kept up by the stream, each once, at its newest.
import { onBeforeUnmount, ref, shallowReactive, watch } from 'vue'
import { api, data, type Schema } from '@/api/client'
import type { EventMessage } from '@/api/event'
import { stream, type Change } from '@/api/stream'
import { report, reporting } from '@/layout/banners'

export type CaseItem = Schema<'CaseView'>
const PAGE = 100
const MOST_PAGES = 10
const GATHER_MS = 300
const START_MS = 300

/** Returns the newer one of what is known and what came: by revision of events, by version of cases. */
export function newer<T extends { rev?: number; version?: number }>(known: T | undefined, came: T): T {
  if (known === undefined) return came
  const mine = known.rev ?? known.version ?? 0
  return (came.rev ?? came.version ?? 0) >= mine ? came : known
}

export function useLiveItems() {
  const events = shallowReactive(new Map<string, EventMessage>())
  const cases = shallowReactive(new Map<string, CaseItem>())
  const loading = ref(true)
  const counts = ref<Schema<'SituationView'> | null>(null)
  const older = { cases: ref<string | null>(null), events: ref<string | null>(null) }
  let changedSince: string | null = null
  let gathering: ReturnType<typeof setTimeout> | null = null
  let ended = false

  function takeEvent(event: EventMessage): void {
    const chosen = newer(events.get(event.event_id), event)
    events.set(event.event_id, chosen)
  }

  function takeCase(item: CaseItem): void {
    cases.set(item.case_id, newer(cases.get(item.case_id), item))
  }

  async function readEvents(cursor?: string): Promise<void> {
    const query = { limit: PAGE, ...(cursor ? { cursor } : {}) }
    const page = await data(api.GET('/v1/events', { params: { query } }))
    for (const each of page.items) takeEvent(each.event as unknown as EventMessage)
    older.events.value = page.next_cursor
  }

  async function readCases(cursor?: string): Promise<void> {
    const query = { limit: PAGE, ...(cursor ? { cursor } : {}) }
    const page = await data(api.GET('/v1/cases', { params: { query } }))
    for (const each of page.items) takeCase(each)
    older.cases.value = page.next_cursor
  }

  async function readCounts(): Promise<void> {
    counts.value = await data(api.GET('/v1/situation'))
  }

  async function readAll(): Promise<void> {
    await reporting(() => Promise.all([readCases(), readEvents(), readCounts()]))
    loading.value = false
  }

  /** Reads every case that has changed since the earliest change that the stream has told. */
  async function readChanged(): Promise<void> {
    gathering = null
    const since: string | null = changedSince
    changedSince = null
    try {
      let cursor: string | null = null
      for (let page = 0; since !== null && page < MOST_PAGES; page += 1) {
        const query = { since, limit: PAGE, ...(cursor ? { cursor } : {}) }
        const found: Schema<'CasePage'> = await data(api.GET('/v1/cases', { params: { query } }))
        for (const each of found.items) takeCase(each)
        cursor = found.next_cursor
        if (cursor === null) break
      }
      await readCounts()
    } catch (error) {
      // What was not read is asked for again with the next change; the link's state is shown anyway.
      if (since !== null) tellSince(since)
      if (stream.live.value) report(error)
    }
  }

  function tellSince(at: string): void {
    if (changedSince === null || at < changedSince) changedSince = at
  }

  function gather(): void {
    if (gathering === null && !ended) gathering = setTimeout(() => void readChanged(), GATHER_MS)
  }

  function take(change: Change): void {
    if (change.topic === 'event') takeEvent(change.body as unknown as EventMessage)
    else tellSince(String(change.body.at))
    gather()
  }

  const endListening = stream.listen(take)
  // The lists are read after the stream stands, so that nothing falls between; a stream that does not come
  // is not waited for long, and the lists are read again once it has begun.
  let first = true
  const starting = setTimeout(() => begin(), stream.position === null ? START_MS : 0)
  function begin(): void {
    clearTimeout(starting)
    first = false
    void readAll()
  }
  watch(stream.begun, () => begin())
  watch(stream.live, (live) => {
    if (live && !first) gather() // what failed while the link was down is asked for again
  })
  onBeforeUnmount(() => {
    ended = true
    endListening()
    clearTimeout(starting)
    if (gathering !== null) clearTimeout(gathering)
  })

  return {
    events,
    cases,
    counts,
    loading,
    older,
    async more(what: 'cases' | 'events'): Promise<void> {
      const cursor = older[what].value
      if (cursor === null) return
      await reporting(() => (what === 'cases' ? readCases(cursor) : readEvents(cursor)))
    },
  }
}

export type LiveItems = ReturnType<typeof useLiveItems>
