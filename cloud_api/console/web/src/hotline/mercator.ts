// Web Mercator (EPSG:3857): from places to pixels of a world that is 256 * 2^zoom wide, and back.

export type Pixel = readonly [number, number]

const TILE = 256
const LIMIT = 85.05112878

/** Returns the width of the world in pixels. */
export function worldWidth(zoom: number): number {
  return TILE * 2 ** zoom
}

export function pixelOf(lon: number, lat: number, zoom: number): Pixel {
  const width = worldWidth(zoom)
  const sine = Math.sin((Math.max(-LIMIT, Math.min(LIMIT, lat)) * Math.PI) / 180)
  return [((lon + 180) / 360) * width, (0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI)) * width]
}

export function placeOf([x, y]: Pixel, zoom: number): readonly [number, number] {
  const width = worldWidth(zoom)
  const lat = (Math.atan(Math.sinh(Math.PI * (1 - (2 * y) / width))) * 180) / Math.PI
  return [(x / width) * 360 - 180, lat]
}

/** Returns how many metres a pixel is at a latitude (WGS 84 equator: 40,075,017 m). */
export function metresPerPixel(lat: number, zoom: number): number {
  return (40_075_017 * Math.cos((lat * Math.PI) / 180)) / worldWidth(zoom)
}

/** Returns the zoom at which a box of places fits into a drawing. */
export function fittingZoom(one: Pixel, other: Pixel, width: number, height: number): number {
  // corners at zoom 0
  const span = Math.max(Math.abs(one[0] - other[0]) / width, Math.abs(one[1] - other[1]) / height, 1e-9)
  return Math.min(18, Math.log2(1 / span) - 0.15)
}
