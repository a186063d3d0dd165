// What departments, states and steps are called; read once, the same for everybody.
import { shallowRef } from 'vue'
import { api, data, type Schema } from '@/api/client'

export interface Names {
  readonly zh: string
  readonly en: string
}
export type Flow = Schema<'FlowView'>

export const departments = shallowRef<readonly Schema<'DepartmentView'>[]>([])
export const flows = shallowRef<Readonly<Record<string, Flow>>>({})
export const classes = shallowRef<readonly Schema<'ClassView'>[]>([])
let reading: Promise<void> | null = null

/** Reads the catalogues unless that was done. */
export function openCatalogue(): Promise<void> {
  reading ??= read().catch((error: unknown) => {
    reading = null
    throw error
  })
  return reading
}

async function read(): Promise<void> {
  const [found, all, table] = await Promise.all([
    data(api.GET('/v1/departments')),
    data(api.GET('/v1/flows')),
    data(api.GET('/v1/classes')),
  ])
  classes.value = table
  departments.value = found
  flows.value = Object.fromEntries(Object.values(all).map((flow) => [flow.id, flow]))
}

/** Returns the name in a language; of nothing, an empty text. */
export function named(names: Names | null | undefined, locale: string): string {
  return names ? (locale === 'zh' ? names.zh : names.en) : ''
}

/** Returns what a department is called. */
export function departmentName(id: unknown, locale: string): string {
  const found = departments.value.find((each) => each.id === id)
  return found ? named(found, locale) : typeof id === 'string' ? id : ''
}

/** Returns what a class of the code table is called, with its code. */
export function className(code: unknown, locale: string): string {
  const found = classes.value.find((each) => each.code === code)
  return found ? `${named(found, locale)} (${found.code})` : String(code ?? '')
}

/** Returns what a state is called in a flow. */
export function stateName(flow: string, state: unknown, locale: string): string {
  const found = flows.value[flow]?.states.find((each) => each.id === state)
  return found ? named(found as unknown as Names, locale) : String(state)
}
