// Where the process map's states and ways are drawn: the states on one line in the order of the case's
// life, ways forward bent upwards and ways back downwards, so that no two of them lie on each other.
import type { Schema } from '@/api/client'

export type Passage = Schema<'WayView'>

const ORDER = [
  'collected', 'filed', 'dispatched', 'handling', 'fed_back', 'verified', 'closed', 'evaluated',
  'bounced', 'suspended', 'reopened', 'merged', 'void',
]
const STEP = 130
const BASE = 190
const MARGIN = 70
const RISE = 30
const THINNEST = 1.5
const THICKEST = 10

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
  const arcs = passages
    .filter((each) => each.before !== null)
    .map((passage) => arc(passage, at.get(passage.before as string) ?? 0, at.get(passage.after) ?? 0, most))
  return { nodes, arcs, width: 2 * MARGIN + Math.max(0, nodes.length - 1) * STEP, height: 2 * BASE, base: BASE }
}

function arc(passage: Passage, from: number, to: number, most: number): Arc {
  const forward = to >= from
  const steps = Math.abs(to - from) / STEP
  const height = Math.min(BASE - 40, RISE + RISE * steps) * (forward ? -1 : 1)
  const edge = forward ? -16 : 16
  const peak = BASE + edge + 2 * height * 0.75
  const path = `M ${from} ${BASE + edge} C ${from} ${peak}, ${to} ${peak}, ${to} ${BASE + edge}`
  return {
    passage,
    path,
    width: THINNEST + (THICKEST - THINNEST) * (passage.times / most),
    x: (from + to) / 2,
    // the middle of a cubic curve lies three quarters of the way to its handles
    y: BASE + edge + 0.75 * (peak - BASE - edge) + (forward ? -6 : 14),
  }
}
