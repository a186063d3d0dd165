// What the page asks the API; every route of it is open to all (docs/citizen_page.md).
import { ask as asked } from '@/light/asking'
import type { components } from '@/api/schema'

export type Services = components['schemas']['CitizenServicesView']
export type Service = components['schemas']['ServiceView']
export type Report = components['schemas']['CitizenReportBody']
export type Reported = components['schemas']['ReportedView']
export type Tracked = components['schemas']['TrackedView']

function ask<T>(path: string, init: RequestInit = {}): Promise<T> {
  return asked<T>('cityloop-citizen', path, init)
}

/** Returns what can be reported. */
export function services(): Promise<Services> {
  return ask('/v1/citizen/services')
}

/** Hands a report in; the same `once` again is the same report, so a lost answer costs nothing. */
export function report(body: Report, once: string): Promise<Reported> {
  return ask('/v1/citizen/reports', {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'Idempotency-Key': once },
  })
}

/** Returns how the report with a code stands. */
export function track(code: string): Promise<Tracked> {
  return ask(`/v1/track/${encodeURIComponent(code)}`)
}

/** Says whether one is satisfied. */
export function rate(code: string, satisfied: boolean, reason: string): Promise<Tracked> {
  return ask(`/v1/track/${encodeURIComponent(code)}/rating`, {
    method: 'POST',
    body: JSON.stringify({ satisfied, reason }),
  })
}

/** Withdraws what one has said about oneself. */
export function withdraw(code: string): Promise<{ withdrawn: boolean }> {
  return ask(`/v1/track/${encodeURIComponent(code)}/withdraw`, { method: 'POST' })
}
