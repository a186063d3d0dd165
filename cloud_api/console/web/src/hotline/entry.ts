// One entry: what is typed, what the API says of it meanwhile, and what became of it.
import { reactive, ref, shallowRef, watch } from 'vue'
import { Problem } from '@/api/problem'
import { recall, remember } from '@/session/preferences'
import { caseOf, merge, preview, report, type NearCase, type Preview, type Reported } from './asking'
import { language, say, told } from './words'

/** How long the fingers have to rest before the API is asked, milliseconds. */
const REST_MS = 350
const CASE_TRIES = 40
const CASE_WAIT_MS = 250

export type Answer = 'message' | 'call' | 'none'

function blank() {
  return {
    text: '',
    service: '',
    address: '',
    name: '',
    phone: '',
    email: '',
    answer: 'message' as Answer,
    channel: 'phone' as 'phone' | 'proxy',
    by: recall('desk') ?? '',
    lon: null as number | null,
    lat: null as number | null,
  }
}

export function newEntry(loggedOut: () => void) {
  const given = reactive(blank())
  const seen = shallowRef<Preview | null>(null)
  const joining = shallowRef<NearCase | null>(null)
  const found = shallowRef<Reported | null>(null)
  const outcome = ref('')
  const ownCase = ref<string | null>(null)
  const busy = ref(false)
  const trouble = ref('')
  let once = crypto.randomUUID()
  let asking = new AbortController()
  let resting: ReturnType<typeof setTimeout> | undefined

  async function look(): Promise<void> {
    asking.abort()
    asking = new AbortController()
    const { signal } = asking
    if (!given.text.trim() && given.lon === null) {
      seen.value = null
      return
    }
    try {
      seen.value = await preview(
        { text: given.text, service_code: given.service || null, lon: given.lon, lat: given.lat },
        signal,
      )
      if (joining.value && !seen.value.near.some((each) => each.case_id === joining.value?.case_id)) {
        joining.value = null
      }
    } catch (error) {
      // Looking ahead is a help, not a condition: only an ended session is worth a word.
      if (error instanceof Problem && error.status === 401) loggedOut()
    }
  }

  watch(
    () => [given.text, given.service, given.lon, given.lat],
    () => {
      clearTimeout(resting)
      resting = setTimeout(() => void look(), REST_MS)
    },
  )
  watch(given, () => (trouble.value = ''))
  watch(
    () => given.by,
    (by) => remember('desk', by),
  )

  function lacking(): string {
    if (!given.text.trim() && !given.service) return say('what_missing')
    if (given.lon === null && !given.address.trim()) return say('where_missing')
    if (given.answer === 'call' && !given.phone.trim()) return say('phone_missing')
    return ''
  }

  async function join(order: string, into: NearCase): Promise<void> {
    outcome.value = say('merging')
    try {
      for (let tries = 0; tries < CASE_TRIES && ownCase.value === null; tries += 1) {
        ownCase.value = await caseOf(order)
        if (ownCase.value === null) await new Promise((go) => setTimeout(go, CASE_WAIT_MS))
      }
      if (ownCase.value === null) throw Problem.unreachable()
      await merge(ownCase.value, into, say('merge_reason'))
      outcome.value = say('merged', { number: into.number })
    } catch (error) {
      outcome.value = say('unmerged', { why: told(error) })
    }
  }

  async function send(): Promise<void> {
    trouble.value = lacking()
    if (trouble.value) return
    busy.value = true
    const contact = Object.fromEntries(
      Object.entries({ name: given.name, phone: given.phone, email: given.email }).filter(([, each]) => each.trim()),
    )
    try {
      found.value = await report(
        {
          service_code: given.service || null,
          channel: given.channel,
          lon: given.lon,
          lat: given.lat,
          address: given.address,
          text: given.text,
          contact,
          language: language.value,
          on_behalf: given.by.trim() || null,
          answer: given.answer,
          pictures: [],
        },
        once,
      )
    } catch (error) {
      trouble.value = told(error)
      if (error instanceof Problem && error.status === 401) loggedOut()
    } finally {
      busy.value = false
    }
    if (found.value && joining.value) await join(found.value.order_id, joining.value)
  }

  function another(): void {
    Object.assign(given, blank())
    seen.value = null
    joining.value = null
    found.value = null
    ownCase.value = null
    outcome.value = ''
    once = crypto.randomUUID()
  }

  return { given, seen, joining, found, outcome, ownCase, busy, trouble, send, another }
}

export type Entry = ReturnType<typeof newEntry>
