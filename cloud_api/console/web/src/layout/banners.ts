// Errors that a person should read: shown on top, in words of his language, until he closes them.
import { reactive } from 'vue'
import { Problem } from '@/api/problem'

export interface Banner {
  readonly id: number
  /** Stable name of the problem: its words are `problem.{slug}`; unknown ones show title and detail. */
  readonly slug: string
  readonly title: string
  readonly detail: string
}

const MOST = 3
let next = 1
export const banners = reactive<Banner[]>([])

/** Shows an error; one that is shown already is not shown twice. */
export function report(error: unknown): void {
  if (error instanceof DOMException && error.name === 'AbortError') return
  const problem =
    error instanceof Problem ? error : new Problem('defect', 0, 'Defect', String(error))
  if (problem.status === 401) return // the login page says it
  if (banners.some((each) => each.slug === problem.slug && each.detail === problem.detail)) return
  banners.push({ id: next++, slug: problem.slug, title: problem.title, detail: problem.detail })
  if (banners.length > MOST) banners.shift()
  if (problem.slug === 'defect') console.error(error)
}

/** Takes a banner away. */
export function close(id: number): void {
  const index = banners.findIndex((each) => each.id === id)
  if (index >= 0) banners.splice(index, 1)
}

/** Runs something and reports what goes wrong; returns its result or null. */
export async function reporting<T>(work: () => Promise<T>): Promise<T | null> {
  try {
    return await work()
  } catch (error) {
    report(error)
    return null
  }
}
