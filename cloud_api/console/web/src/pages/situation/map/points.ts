// The layers' points: read once, then moved along with the live lists.
import type { Feature, FeatureCollection, Geometry } from 'geojson'
import { api, data, type Schema } from '@/api/client'
import type { EventMessage } from '@/api/event'
import type { CaseItem } from '../liveItems'
import { LAYERS, type Layer } from '../filters'

export type ReadLayer = Exclude<Layer, 'heat'>
type Read = Schema<'MapLayer'>

const READERS: Readonly<Record<ReadLayer, () => Promise<Read>>> = {
  cases: () => data(api.GET('/v1/map/cases')),
  events: () => data(api.GET('/v1/map/events')),
  devices: () => data(api.GET('/v1/map/devices')),
  teams: () => data(api.GET('/v1/map/teams')),
  grid: () => data(api.GET('/v1/map/grid')),
}
export const READ_LAYERS = LAYERS.filter((each): each is ReadLayer => each !== 'heat')

/** The points of one layer by id, as GeoJSON features. */
export type Points = Map<string, Feature>

/** Reads a layer; returns whether there was more than the API gives at once. */
export async function readLayer(layer: ReadLayer, into: Points): Promise<boolean> {
  const found = await READERS[layer]()
  into.clear()
  for (const each of found.features) {
    const id = String(each.properties.id ?? each.properties.code)
    into.set(id, {
      type: 'Feature',
      geometry: each.geometry as unknown as Geometry,
      properties: each.properties,
    })
  }
  return found.truncated
}

function point(lon: number, lat: number, properties: Record<string, unknown>): Feature {
  return { type: 'Feature', geometry: { type: 'Point', coordinates: [lon, lat] }, properties }
}

/** Puts an event where it is, or takes it away when it has ended. */
export function moveEvent(points: Points, event: EventMessage): void {
  if (event.phase === 'end' || !event.place) points.delete(event.event_id)
  else {
    points.set(
      event.event_id,
      point(event.place.lon, event.place.lat, {
        id: event.event_id,
        rev: event.rev,
        level: event.level,
        event_type: event.event_type,
      }),
    )
  }
}

/** Puts a case where it is, or takes it away when nobody has to act any more. */
export function moveCase(points: Points, item: CaseItem): void {
  if (!item.open || !item.place) points.delete(item.case_id)
  else {
    points.set(
      item.case_id,
      point(Number(item.place.lon), Number(item.place.lat), {
        id: item.case_id,
        number: item.number,
        level: item.level.id,
        lamp: item.lamp,
        state: item.state.id,
        event_type: item.event_type,
      }),
    )
  }
}

/** Returns a point in the middle of each area, for its name: one, however many tiles the area spans. */
export function middles(areas: Points): FeatureCollection {
  const features = [...areas.values()].map((area): Feature => {
    const corners = (area.geometry as { coordinates: unknown[] }).coordinates.flat(4) as number[]
    const lons = corners.filter((_, index) => index % 2 === 0)
    const lats = corners.filter((_, index) => index % 2 === 1)
    const middle = (of: number[]): number => (Math.min(...of) + Math.max(...of)) / 2
    return point(middle(lons), middle(lats), { name: area.properties?.name })
  })
  return { type: 'FeatureCollection', features }
}

/** Returns those points that the filters let through. */
export function chosen(
  points: Points,
  levels: readonly string[],
  lamps: readonly string[],
): FeatureCollection {
  const features: Feature[] = []
  for (const each of points.values()) {
    const { level, lamp } = each.properties ?? {}
    if (levels.length > 0 && level !== undefined && !levels.includes(String(level))) continue
    if (lamps.length > 0 && lamp !== undefined && !lamps.includes(String(lamp))) continue
    features.push(each)
  }
  return { type: 'FeatureCollection', features }
}
