// Geometry of the lasso: places onto the drawing, and what a drawn line holds.

export type Point = readonly [number, number]

const MARGIN = 30

const DEGREE_M = 111_320
/** Metres that a scale bar may stand for. */
const BARS = [10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000]
const BAR_LONGEST = 160

/** Returns the longest handy scale bar of the drawing, in drawing units; null without any extent. */
export function scaleBar(
  places: readonly Point[],
  width: number,
  height: number,
): { metres: number; length: number } | null {
  const first = places[0]
  if (first === undefined) return null
  const project = projection(places, width, height)
  const unitsPerMetre =
    Math.abs(project([first[0], first[1] + 0.001])[1] - project(first)[1]) / (0.001 * DEGREE_M)
  const metres = BARS.filter((each) => each * unitsPerMetre <= BAR_LONGEST).at(-1)
  return metres === undefined ? null : { metres, length: metres * unitsPerMetre }
}

/** Returns what turns longitude and latitude into drawing units, so that every place is within it. */
export function projection(places: readonly Point[], width: number, height: number): (at: Point) => Point {
  const lons = places.map((each) => each[0])
  const lats = places.map((each) => each[1])
  const [west, east] = [Math.min(...lons), Math.max(...lons)]
  const [south, north] = [Math.min(...lats), Math.max(...lats)]
  const squeeze = Math.cos((((south + north) / 2) * Math.PI) / 180)
  const scale = Math.min(
    (width - 2 * MARGIN) / Math.max((east - west) * squeeze, 1e-6),
    (height - 2 * MARGIN) / Math.max(north - south, 1e-6),
  )
  const [middleLon, middleLat] = [(west + east) / 2, (south + north) / 2]
  return ([lon, lat]) => [
    width / 2 + (lon - middleLon) * squeeze * scale,
    height / 2 - (lat - middleLat) * scale,
  ]
}

/** Whether a point lies within a closed line (even-odd rule). */
export function inside([x, y]: Point, line: readonly Point[]): boolean {
  let within = false
  for (let i = 0, j = line.length - 1; i < line.length; j = i++) {
    const [xi, yi] = line[i] as Point
    const [xj, yj] = line[j] as Point
    if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) within = !within
  }
  return within
}

/** Returns the middle of a ring's extent. */
export function middle(ring: readonly Point[]): Point {
  const [lons, lats] = [ring.map((each) => each[0]), ring.map((each) => each[1])]
  return [(Math.min(...lons) + Math.max(...lons)) / 2, (Math.min(...lats) + Math.max(...lats)) / 2]
}
