// event.v1 as it travels on the stream: what of it the pages read (contracts/event.py has all of it).
export const LEVELS = ['red', 'yellow', 'blue'] as const
export const LAMPS = ['red', 'yellow', 'green'] as const
export type Level = (typeof LEVELS)[number]
export type Lamp = (typeof LAMPS)[number]

export interface EventMessage {
  readonly event_id: string
  readonly rev: number
  readonly event_type: string
  readonly level: Level
  readonly phase: 'open' | 'update' | 'end'
  readonly district: string
  readonly at: string
  readonly onset_at: string
  readonly title: Readonly<Record<string, string>>
  readonly subject?: string | null
  readonly place?: { readonly lon: number; readonly lat: number; readonly grid?: string } | null
  readonly cause: { readonly expression: string }
}

/** How bad a level is: a greater number is worse. */
export function rank(level: Level): number {
  return LEVELS.length - LEVELS.indexOf(level)
}
