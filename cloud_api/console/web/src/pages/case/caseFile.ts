// One case as this window knows it: what was read, what is done to it, and what others did meanwhile.
import { onBeforeUnmount, ref, shallowRef, watch, type Ref } from 'vue'
import { api, data, type Schema } from '@/api/client'
import { Problem } from '@/api/problem'
import { stream } from '@/api/stream'
import { report } from '@/layout/banners'

export type CaseDetail = Schema<'CaseDetail'>
export type TimelineEntry = Schema<'TimelineEntry'>
export type Move = Schema<'MoveView'>
export type MoveBody = Schema<'MoveBody'>

/** What somebody else did between the reading and the writing. */
export interface Conflict {
  readonly entries: readonly TimelineEntry[]
}

export interface CaseFile {
  readonly detail: Readonly<Ref<CaseDetail | null>>
  readonly missing: Readonly<Ref<boolean>>
  readonly busy: Readonly<Ref<boolean>>
  readonly conflict: Ref<Conflict | null>
  load(): Promise<void>
  act(work: (ref: string, version: number) => Promise<unknown>): Promise<boolean>
}

/** What sensors, cameras and clocks add to a case; it contradicts nothing that a person decides. */
const BY_MACHINES = new Set(['event_revised', 'attached', 'climbed'])

function isMismatch(error: unknown): boolean {
  return error instanceof Problem && error.slug === 'version-mismatch'
}

/**
 * Follows one case. `act` sends the version that is on the screen, so a change by somebody else in
 * between is refused by the API, shown as a conflict, and nothing that was typed is lost.
 */
export function useCaseFile(reference: () => string): CaseFile {
  const detail = shallowRef<CaseDetail | null>(null)
  const missing = ref(false)
  const busy = ref(false)
  const conflict = ref<Conflict | null>(null)

  async function read(): Promise<CaseDetail> {
    return data(api.GET('/v1/cases/{case_ref}', { params: { path: { case_ref: reference() } } }))
  }

  async function load(): Promise<void> {
    try {
      detail.value = await read()
      missing.value = false
    } catch (error) {
      if (error instanceof Problem && error.status === 404) missing.value = true
      else report(error)
    }
  }

  /** Reads the case again; returns what happened to it since a version. */
  async function since(seen: number): Promise<readonly TimelineEntry[]> {
    await load()
    return detail.value?.timeline.filter((each) => (each.version ?? 0) > seen) ?? []
  }

  async function act(work: (ref: string, version: number) => Promise<unknown>): Promise<boolean> {
    if (detail.value === null) return false
    const seen = detail.value.version
    busy.value = true
    try {
      await attempt(work, detail.value.case_id, seen)
      conflict.value = null
      await load()
      return true
    } catch (error) {
      if (isMismatch(error)) conflict.value = { entries: await since(seen) }
      else report(error)
      return false
    } finally {
      busy.value = false
    }
  }

  /** Tries a deed; where only machines reported anew in between, tries it once more on top of that. */
  async function attempt(
    work: (ref: string, version: number) => Promise<unknown>,
    ref: string,
    seen: number,
  ): Promise<void> {
    try {
      await work(ref, seen)
    } catch (error) {
      if (!isMismatch(error)) throw error
      const entries = await since(seen)
      const version = detail.value?.version ?? seen
      if (entries.length === 0 || !entries.every((each) => BY_MACHINES.has(each.kind))) throw error
      await work(ref, version)
    }
  }

  // While something is being written the screen keeps the version that it was written against:
  // the API then says whether it still holds. Otherwise the page follows the case.
  const silent = stream.listen((change) => {
    if (change.body.case_id !== detail.value?.case_id || busy.value) return
    if (document.querySelector('dialog[open]') === null) void load()
  })
  onBeforeUnmount(silent)
  watch([reference, stream.begun], load, { immediate: true })
  return { detail, missing, busy, conflict, load, act }
}
