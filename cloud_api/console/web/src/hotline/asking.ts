// What the page asks the API, as the person who is logged in (docs/hotline.md).
import type { components } from '@/api/schema'
import { ask as asked } from '@/light/asking'

type Schemas = components['schemas']
export type Me = Schemas['MeView']
export type Settings = Schemas['ConsoleSettings']
export type ClassView = Schemas['ClassView']
export type NamedPlace = Schemas['NamedPlaceView']
export type Preview = Schemas['PreviewView']
export type NearCase = Schemas['NearCaseView']
export type Report = Schemas['ReportBody']
export type Reported = Schemas['ReportedView']
export type Layer = Schemas['MapLayer']

function ask<T>(path: string, init: RequestInit = {}): Promise<T> {
  return asked<T>('cityloop-hotline', path, init)
}

function post<T>(path: string, body: unknown, init: RequestInit = {}): Promise<T> {
  return ask<T>(path, { method: 'POST', body: JSON.stringify(body), ...init })
}

export const settings = (): Promise<Settings> => ask('/v1/console')
export const whoAmI = (): Promise<Me> => ask('/v1/me')
export const classes = (): Promise<ClassView[]> => ask('/v1/classes')
export const grid = (): Promise<Layer> => ask('/v1/map/grid')

export async function logIn(name: string, password: string): Promise<Me> {
  return (await post<Schemas['SessionView']>('/v1/login', { name, password })).me
}

export function places(words: string, signal: AbortSignal): Promise<NamedPlace[]> {
  return ask(`/v1/places?q=${encodeURIComponent(words)}`, { signal })
}

/** What the report would become; in a body, so that no log keeps the caller's words. */
export function preview(body: Schemas['PreviewBody'], signal: AbortSignal): Promise<Preview> {
  return post('/v1/reports/preview', body, { signal })
}

/** Hands the report in; the same `once` again is the same report, so a lost answer costs nothing. */
export function report(body: Report, once: string): Promise<Reported> {
  return post('/v1/reports', body, { headers: { 'Idempotency-Key': once } })
}

/** Returns the report's case; null until the API has made it. */
export async function caseOf(order: string): Promise<string | null> {
  return (await ask<Schemas['OrderView']>(`/v1/orders/${order}`)).case_id ?? null
}

/** Merges the report's case into the one that the caller means; taken out again in the console. */
export function merge(from: string, into: NearCase, reason: string): Promise<unknown> {
  return post(`/v1/cases/${from}/move`, { to: 'merged', into_case: into.case_id, reason })
}
