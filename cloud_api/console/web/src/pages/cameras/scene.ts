// What is drawn on a camera's picture, and taking it back step by step. Points are shares of width and height.
import { computed, ref, shallowRef, type ComputedRef, type Ref, type ShallowRef } from 'vue'
import type { Schema } from '@/api/client'

export type Scene = Schema<'SceneBody'>
export type Item = Record<string, unknown>
export type XY = [number, number]
export const PARTS = ['zones', 'lines', 'masks', 'calibration'] as const
export type Part = (typeof PARTS)[number]

/** One thing that is drawn; `point` is one of its points. */
export interface Place {
  readonly part: Part
  readonly index: number
  readonly point?: number
}

const MOST_STEPS = 100

export function items(scene: Scene, part: Part): Item[] {
  return (scene[part] ?? []) as Item[]
}

export function pointsOf(part: Part, item: Item): XY[] {
  if (part === 'lines') return [item.from as XY, item.to as XY]
  if (part === 'calibration') return [item.image as XY]
  return item.polygon as XY[]
}

/** How few points a thing may have. */
export function fewest(part: Part): number {
  return part === 'lines' ? 2 : part === 'calibration' ? 1 : 3
}

function moved(part: Part, item: Item, points: XY[]): Item {
  if (part === 'lines') return { ...item, from: points[0], to: points[1] }
  if (part === 'calibration') return { ...item, image: points[0] }
  return { ...item, polygon: points }
}

function share(value: number): number {
  return Math.round(Math.min(1, Math.max(0, value)) * 10_000) / 10_000
}

/** Returns a name that nothing of this part has yet. */
function freshId(scene: Scene, part: Part): string {
  const stem = part === 'masks' ? 'mask' : part === 'lines' ? 'line' : 'zone'
  const taken = new Set(items(scene, part).map((each) => each.id))
  let number = 1
  while (taken.has(`${stem}-${number}`)) number += 1
  return `${stem}-${number}`
}

/** A scene that is being drawn. */
export interface Draft {
  readonly scene: ShallowRef<Scene>
  readonly chosen: Ref<Place | null>
  readonly changed: ComputedRef<boolean>
  readonly canUndo: ComputedRef<boolean>
  readonly canRedo: ComputedRef<boolean>
  begin(scene: Scene): void
  /** Notes where a step begins, so that a drag is one step. */
  mark(): void
  undo(): void
  redo(): void
  add(part: Part, points: XY[], more?: Item): void
  remove(place: Place): void
  set(place: Place, values: Item): void
  movePoint(place: Place, to: XY): void
  shift(place: Place, by: XY): void
  insertAfter(place: Place): void
}

export function useDraft(): Draft {
  const scene = shallowRef<Scene>({ zones: [], lines: [], masks: [], calibration: [] })
  const chosen = ref<Place | null>(null)
  const past = shallowRef<Scene[]>([])
  const future = shallowRef<Scene[]>([])
  const first = ref('')

  function mark(): void {
    past.value = [...past.value.slice(1 - MOST_STEPS), scene.value]
    future.value = []
  }

  function put(part: Part, found: Item[]): void {
    scene.value = { ...scene.value, [part]: found }
  }

  function change(place: Place, how: (item: Item) => Item): void {
    put(
      place.part,
      items(scene.value, place.part).map((item, index) => (index === place.index ? how(item) : item)),
    )
  }

  function points(place: Place, how: (points: XY[]) => XY[]): void {
    change(place, (item) =>
      moved(
        place.part,
        item,
        how(pointsOf(place.part, item)).map(([x, y]) => [share(x), share(y)]),
      ),
    )
  }

  function go(from: ShallowRef<Scene[]>, to: ShallowRef<Scene[]>): void {
    const before = from.value.at(-1)
    if (before === undefined) return
    to.value = [...to.value, scene.value]
    from.value = from.value.slice(0, -1)
    scene.value = before
    chosen.value = null
  }

  return {
    scene,
    chosen,
    changed: computed(() => JSON.stringify(scene.value) !== first.value),
    canUndo: computed(() => past.value.length > 0),
    canRedo: computed(() => future.value.length > 0),
    begin(given) {
      scene.value = given
      first.value = JSON.stringify(given)
      past.value = []
      future.value = []
      chosen.value = null
    },
    mark,
    undo: () => go(past, future),
    redo: () => go(future, past),
    add(part, given, more = {}) {
      mark()
      const own = part === 'calibration' ? {} : { id: freshId(scene.value, part) }
      const rounded = given.map(([x, y]): XY => [share(x), share(y)])
      put(part, [...items(scene.value, part), moved(part, { ...own, ...more }, rounded)])
      chosen.value = { part, index: items(scene.value, part).length - 1 }
    },
    remove(place) {
      const found = items(scene.value, place.part)
      const item = found[place.index]
      if (item === undefined) return
      mark()
      const many = pointsOf(place.part, item).length
      if (place.point !== undefined && place.part !== 'lines' && many > fewest(place.part)) {
        points(place, (all) => all.filter((_, index) => index !== place.point))
        chosen.value = { part: place.part, index: place.index }
        return
      }
      put(
        place.part,
        found.filter((_, index) => index !== place.index),
      )
      chosen.value = null
    },
    set(place, values) {
      mark()
      change(place, (item) => {
        const next = { ...item, ...values }
        return Object.fromEntries(Object.entries(next).filter(([, value]) => value !== undefined))
      })
    },
    movePoint(place, to) {
      points(place, (all) => all.map((each, index) => (index === place.point ? to : each)))
    },
    shift(place, [dx, dy]) {
      points(place, (all) => {
        // the whole thing stops at the picture's edge, and keeps its shape
        const x = Math.min(1 - Math.max(...all.map((p) => p[0])), Math.max(-Math.min(...all.map((p) => p[0])), dx))
        const y = Math.min(1 - Math.max(...all.map((p) => p[1])), Math.max(-Math.min(...all.map((p) => p[1])), dy))
        return all.map((p): XY => [p[0] + x, p[1] + y])
      })
    },
    insertAfter(place) {
      if (place.point === undefined || place.part === 'lines' || place.part === 'calibration') return
      const after = place.point
      mark()
      points(place, (all) => {
        const here = all[after] as XY
        const next = all[(after + 1) % all.length] as XY
        const middle: XY = [(here[0] + next[0]) / 2, (here[1] + next[1]) / 2]
        return [...all.slice(0, after + 1), middle, ...all.slice(after + 1)]
      })
      chosen.value = { ...place, point: after + 1 }
    },
  }
}
