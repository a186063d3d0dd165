// event.v1 as it travels on the stream; its types are generated from the contracts, as the API's own are.
import type { Schema } from './client'
import type { components } from './wire'

export type EventMessage = Readonly<components['schemas']['EventMessage']>
export type Level = components['schemas']['Level']
export type Lamp = Schema<'Lamp'>
export const LEVELS = ['red', 'yellow', 'blue'] as const satisfies readonly Level[]
export const LAMPS = ['red', 'yellow', 'green'] as const satisfies readonly Lamp[]

/** How bad a level is: a greater number is worse. */
export function rank(level: Level): number {
  return LEVELS.length - LEVELS.indexOf(level)
}
