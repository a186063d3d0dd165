// The queue of hard examples as this window works it: one picture at a time, every decision can be undone.
import { computed, ref, shallowRef, type ComputedRef, type Ref } from 'vue'
import { api, data, type Schema } from '@/api/client'
import { reporting } from '@/layout/banners'

export type Review = Schema<'ReviewView'>
export type Labelled = Schema<'LabelledBoxView'>

const PAGE = 50
/** With so few left in hand the next page is asked for. */
const FEW = 5

interface Done {
  readonly review: Review
  readonly accepted: boolean
  readonly boxes: readonly Labelled[]
}

export interface Reviewing {
  readonly waiting: Ref<readonly Review[]>
  readonly now: ComputedRef<Review | null>
  readonly boxes: Ref<Labelled[]>
  readonly chosen: Ref<number>
  readonly done: Ref<readonly Done[]>
  readonly loaded: Ref<boolean>
  load(): Promise<void>
  label(name: string): void
  remove(): void
  decide(accepted: boolean): Promise<void>
  undo(): Promise<void>
}

/** Works the queue; what is decided is sent at once, and an undo opens the same picture again. */
export function useReviewing(filters: () => { reason?: string; camera?: string; model?: string }): Reviewing {
  const waiting = shallowRef<readonly Review[]>([])
  const boxes = ref<Labelled[]>([])
  const chosen = ref(0)
  const done = shallowRef<readonly Done[]>([])
  const loaded = ref(false)
  let cursor: string | null = null
  const now = computed(() => waiting.value[0] ?? null)

  function show(given?: readonly Labelled[]): void {
    boxes.value = [...(given ?? now.value?.item.boxes ?? [])].map((each) => ({ ...each }))
    chosen.value = 0
  }

  async function more(): Promise<void> {
    const query = { state: 'open', limit: PAGE, cursor: cursor ?? undefined, ...filters() }
    const found = await reporting(() => data(api.GET('/v1/reviews', { params: { query: query as never } })))
    if (found === null) return
    cursor = found.next_cursor
    waiting.value = [...waiting.value, ...found.items]
  }

  async function load(): Promise<void> {
    cursor = null
    waiting.value = []
    await more()
    loaded.value = true
    show()
  }

  async function send(review: Review, accepted: boolean, said: readonly Labelled[]): Promise<boolean> {
    const params = { path: { review: review.item.id } }
    const body = { accepted, boxes: accepted ? said : [] }
    const told = await reporting(() =>
      data(api.POST('/v1/reviews/{review}/decision', { params, body } as never)),
    )
    return told !== null
  }

  return {
    waiting,
    now,
    boxes,
    chosen,
    done,
    loaded,
    load,
    label(name) {
      const box = boxes.value[chosen.value]
      if (box === undefined) return
      // a person's word has no confidence of a network
      boxes.value[chosen.value] = { label: name, box_xyxy: box.box_xyxy }
    },
    remove() {
      boxes.value.splice(chosen.value, 1)
      chosen.value = Math.max(0, Math.min(chosen.value, boxes.value.length - 1))
    },
    async decide(accepted) {
      const review = now.value
      if (review === null) return
      const said = boxes.value.map((each) => ({ label: each.label, box_xyxy: each.box_xyxy }))
      if (!(await send(review, accepted, said))) return
      done.value = [...done.value, { review, accepted, boxes: boxes.value }]
      waiting.value = waiting.value.slice(1)
      if (waiting.value.length <= FEW && cursor !== null) await more()
      show()
    },
    async undo() {
      const last = done.value.at(-1)
      if (last === undefined) return
      const path = { path: { review: last.review.item.id } }
      const told = await reporting(() => data(api.DELETE('/v1/reviews/{review}/decision', { params: path })))
      if (told === null) return
      done.value = done.value.slice(0, -1)
      waiting.value = [last.review, ...waiting.value]
      show(last.boxes)
    },
  }
}
