// Problem details (RFC 9457): what the API says when it refuses.

const PREFIX = 'urn:cityloop:problem:'

/** A refused request. `slug` is stable and names the kind (docs/cloud_api.md lists them all). */
export class Problem extends Error {
  constructor(
    readonly slug: string,
    readonly status: number,
    readonly title: string,
    readonly detail: string,
    readonly members: Readonly<Record<string, unknown>> = {},
  ) {
    super(detail || title)
    this.name = 'Problem'
  }

  /** The API did not answer at all. */
  static unreachable(): Problem {
    return new Problem('unreachable', 0, 'Unreachable', '')
  }
}

/** Returns the problem in an answer; one that is none of ours becomes `slug` "http". */
export async function problemOf(response: Response): Promise<Problem> {
  try {
    const body = (await response.clone().json()) as Record<string, unknown>
    if (typeof body.type === 'string' && body.type.startsWith(PREFIX)) {
      const slug = body.type.slice(PREFIX.length)
      return new Problem(slug, response.status, String(body.title), String(body.detail), body)
    }
  } catch {
    // no JSON: a proxy's page; the status says what there is to say
  }
  return new Problem('http', response.status, `HTTP ${response.status}`, response.statusText)
}
