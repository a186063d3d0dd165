// Where the process map's states and ways are drawn: the states on one line in the order of the case's
// life, ways forward bent upwards and ways back downwards, so that no two of them lie on each other.
import type { Schema } from '@/api/client'

export type Passage = Schema<'WayView'>

const ORDER = [
  'collected', 'filed', 'dispatched', 'handling', 'fed_back', 'verified', 'closed', 'evaluated',
  'bounced', 'suspended', 'reopened', 'merged', 'void',
]
const STEP = 130
const MARGIN = 70
const RISE = 30
const THINNEST = 1.5
const THICKEST = 10
/** Half a state's height, and room for words beside a line, pixels. */
const HALF = 16
const WORDS = 26
/** Where a cubic curve with level handles has its peak, as a share of their height. */
const PEAK = 0.75

export interface Node {
  readonly state: string
  readonly x: number
}

export interface Arc {
  readonly passage: Passage
  readonly path: string
  readonly width: number
  readonly x: number
  readonly y: number
}

export interface Drawing {
  readonly nodes: readonly Node[]
  readonly arcs: readonly Arc[]
  readonly width: number
  readonly height: number
  readonly base: number
}

/** Returns the drawing of the ways between states; openings are no arc, they stand at their state. */
export function drawn(passages: readonly Passage[]): Drawing {
  const present = new Set(passages.flatMap((each) => [each.after, each.before ?? each.after] as string[]))
  const nodes = ORDER.filter((state) => present.has(state)).map((state, place) => ({
    state,
    x: MARGIN + place * STEP,
  }))
  const at = new Map(nodes.map((node) => [node.state, node.x]))
  const most = Math.max(1, ...passages.map((each) => each.times))
  const ways = passages
    .filter((each) => each.before !== null)
    .map((passage) => ({ passage, from: at.get(passage.before as string) ?? 0, to: at.get(passage.after) ?? 0 }))
  const above = Math.max(0, ...ways.filter((way) => way.to >= way.from).map(rise))
  const below = Math.max(0, ...ways.filter((way) => way.to < way.from).map(rise))
  const base = HALF + WORDS + PEAK * above
  const arcs = ways.map((way) => arc(way, base, most))
  const width = 2 * MARGIN + Math.max(0, nodes.length - 1) * STEP
  return { nodes, arcs, width, height: base + HALF + WORDS + PEAK * below, base }
}

interface Way {
  readonly passage: Passage
  readonly from: number
  readonly to: number
}

function rise(way: Way): number {
  return RISE + (RISE * Math.abs(way.to - way.from)) / STEP
}

function arc(way: Way, base: number, most: number): Arc {
  const { passage, from, to } = way
  const side = to >= from ? -1 : 1
  const edge = base + side * HALF
  const handle = edge + side * rise(way)
  return {
    passage,
    path: `M ${from} ${edge} C ${from} ${handle}, ${to} ${handle}, ${to} ${edge}`,
    width: THINNEST + (THICKEST - THINNEST) * (passage.times / most),
    x: (from + to) / 2,
    y: edge + PEAK * (handle - edge) + (side < 0 ? -9 : 20),
  }
}
