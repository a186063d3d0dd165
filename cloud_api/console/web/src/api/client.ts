// The one way to the API: typed by its OpenAPI document, with the session's cookie, problems as errors.
import createClient, { type Middleware } from 'openapi-fetch'
import type { components, paths } from './schema'
import { Problem, problemOf } from './problem'

/** Models of the server, as `Schema<'CaseView'>`. */
export type Schema<Name extends keyof components['schemas']> = components['schemas'][Name]

type Listener = () => void
let onLoggedOut: Listener = () => undefined

/** Says that the API no longer knows the session, where something else than this client found out. */
export function loggedOut(): void {
  onLoggedOut()
}

/** Says what happens when the API no longer knows the session. */
export function whenLoggedOut(listener: Listener): void {
  onLoggedOut = listener
}

const guard: Middleware = {
  onRequest({ request }) {
    // What a page of another site cannot send; the API wants it beside the cookie (docs/security.md).
    request.headers.set('X-Requested-With', 'cityloop-console')
    return request
  },
  async onResponse({ request, response }) {
    if (response.ok || response.status === 304) return response
    const problem = await problemOf(response)
    if (response.status === 401 && !new URL(request.url).pathname.endsWith('/v1/login')) onLoggedOut()
    throw problem
  },
  onError({ error }) {
    if (error instanceof DOMException && error.name === 'AbortError') return error
    return Problem.unreachable()
  },
}

const client = createClient<paths>({ baseUrl: location.origin, credentials: 'same-origin' })
client.use(guard)

/** Returns what an answer carries; a refused request has thrown its {@link Problem} before. */
export async function data<T>(answer: Promise<{ data?: T; response: Response }>): Promise<T> {
  return (await answer).data as T
}

export const api = client
