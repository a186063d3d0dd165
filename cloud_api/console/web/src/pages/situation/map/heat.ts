// H3 heat 热力: how many points lie in each hexagon, at a size that suits the zoom.
import { cellToBoundary, latLngToCell } from 'h3-js'
import type { Feature, FeatureCollection } from 'geojson'

/** Returns the H3 resolution for a zoom: hexagons of about 30 to 60 pixels (H3 cell statistics). */
export function resolutionAt(zoom: number): number {
  if (zoom < 8) return 5
  if (zoom < 10) return 6
  if (zoom < 11.5) return 7
  if (zoom < 13) return 8
  if (zoom < 14.5) return 9
  return 10
}

/** Returns a hexagon for each cell that holds a point, with `count` and its `share` of the fullest one. */
export function heatOf(collections: readonly FeatureCollection[], resolution: number): FeatureCollection {
  const counts = new Map<string, number>()
  for (const collection of collections) {
    for (const { geometry } of collection.features) {
      if (geometry.type !== 'Point') continue
      const [lon, lat] = geometry.coordinates as [number, number]
      const cell = latLngToCell(lat, lon, resolution)
      counts.set(cell, (counts.get(cell) ?? 0) + 1)
    }
  }
  const most = Math.max(1, ...counts.values())
  const features = [...counts].map(
    ([cell, count]): Feature => ({
      type: 'Feature',
      geometry: { type: 'Polygon', coordinates: [cellToBoundary(cell, true)] },
      properties: { cell, count, share: count / most },
    }),
  )
  return { type: 'FeatureCollection', features }
}
