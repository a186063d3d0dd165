// How the light pages ask the API: JSON, a time-out, and a Problem where it refuses.
import { problemOf } from '@/api/problem'
import { language } from './language'

const TIMEOUT_MS = 30_000

/** Returns what a route answers; `page` names the page, which no page of another site can. */
export async function ask<T>(page: string, path: string, init: RequestInit = {}): Promise<T> {
  const answer = await fetch(path, {
    ...init,
    headers: {
      'Content-Type': 'application/json',
      'Accept-Language': language.value,
      'X-Requested-With': page,
      ...init.headers,
    },
    signal: init.signal ?? AbortSignal.timeout(TIMEOUT_MS),
  })
  if (!answer.ok) throw await problemOf(answer)
  return (await answer.json()) as T
}
