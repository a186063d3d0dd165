// Things on the map that have no page of their own: what is said about them when they are picked.
export interface PickedThing {
  readonly title: string
  /** Pairs of a word's key below `situation` and a value. */
  readonly rows: readonly (readonly [string, string])[]
}

type Properties = Readonly<Record<string, unknown>>

function text(value: unknown): string {
  return value === null || value === undefined || value === '' ? '—' : String(value)
}

/** Returns what is said of a device, a person on duty, or a cell of the grid. */
export function describe(layer: string, properties: Properties): PickedThing | null {
  if (layer === 'devices') {
    return {
      title: text(properties.name || properties.id),
      rows: [
        ['kind', text(properties.kind)],
        ['profile', text(properties.profile)],
        ['lifecycle', text(properties.lifecycle)],
      ],
    }
  }
  if (layer === 'teams') {
    return { title: text(properties.person), rows: [['unit', text(properties.unit)]] }
  }
  if (layer === 'grid') {
    return {
      title: text(properties.name),
      rows: [
        ['cell', text(properties.code)],
        ['open_cases', text(properties.cases)],
      ],
    }
  }
  return null
}
