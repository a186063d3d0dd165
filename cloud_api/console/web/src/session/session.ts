// Who is logged in, and what he may see of the console.
import { shallowRef, type ShallowRef } from 'vue'
import { api, data, whenLoggedOut, type Schema } from '@/api/client'
import { stream } from '@/api/stream'
import { Problem } from '@/api/problem'

export type Me = Schema<'MeView'>
export type Settings = Schema<'ConsoleSettings'>
export type Role = 'reader' | 'operator' | 'auditor' | 'admin'

/** Who may read cases, and so follows the stream. */
export const FOLLOWERS: readonly Role[] = ['reader', 'operator', 'admin']

const me = shallowRef<Me | null>(null)
const settings = shallowRef<Settings | null>(null)

export const session = {
  me: me as Readonly<ShallowRef<Me | null>>,
  settings: settings as Readonly<ShallowRef<Settings | null>>,

  /** Whether the person's role is one of these. */
  hasRole(roles: readonly Role[]): boolean {
    return me.value !== null && (roles as readonly string[]).includes(me.value.role)
  },

  /** Whether the person sees a part of the city only. */
  get bounded(): boolean {
    const scope = me.value?.scope
    return scope ? scope.districts.length + scope.departments.length + scope.grids.length > 0 : false
  },

  /** Finds out what the API's login looks like and whether there is a session already. */
  async open(): Promise<void> {
    const asked = settings.value ?? data(api.GET('/v1/console'))
    me.value ??= await whoAmI()
    settings.value = await asked
  },

  async logIn(name: string, password: string): Promise<void> {
    const opened = await data(api.POST('/v1/login', { body: { name, password } }))
    me.value = opened.me
  },

  async logOut(): Promise<void> {
    stream.stop()
    try {
      await api.POST('/v1/logout')
    } finally {
      me.value = null
    }
  },

  forget(): void {
    stream.stop()
    me.value = null
  },
}

async function whoAmI(): Promise<Me | null> {
  try {
    return await data(api.GET('/v1/me'))
  } catch (error) {
    if (error instanceof Problem && error.status === 401) return null
    throw error
  }
}

whenLoggedOut(() => session.forget())
