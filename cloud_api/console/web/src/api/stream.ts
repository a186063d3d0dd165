// The live stream: one connection for the whole console, resumed after the last change that was seen.
import { ref, type Ref } from 'vue'
import { loggedOut } from './client'

export interface Change {
  readonly id: string
  readonly topic: 'event' | 'case'
  readonly body: Record<string, unknown>
}

type Listener = (change: Change) => void

const SILENT_MS = 40_000
const FIRST_WAIT_MS = 500
const LONGEST_WAIT_MS = 15_000

/** Whether a position `a` (as `120-340`) lies after `b`; both logs only grow, so one part decides. */
export function isAfter(a: string, b: string): boolean {
  const [intakeA = 0, casesA = 0] = a.split('-').map(Number)
  const [intakeB = 0, casesB = 0] = b.split('-').map(Number)
  return intakeA > intakeB || (intakeA === intakeB && casesA > casesB)
}

/**
 * Follows `/v1/stream`. A browser's own EventSource gives up after some errors and tells no reason, so
 * this one reads the answer itself: it resumes with Last-Event-ID, drops what it has seen, waits with
 * full jitter between tries, and takes 40 silent seconds (two missed heartbeats) for a dead link.
 */
export class LiveStream {
  readonly live: Ref<boolean> = ref(false)
  /** Grows when a stream begins without a position to resume from: lists read before it may miss something. */
  readonly begun: Ref<number> = ref(0)
  private readonly listeners = new Set<Listener>()
  private last: string | null = null
  private stopper: AbortController | null = null

  /** Calls `listener` with every change from now on; returns what ends that. */
  listen(listener: Listener): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  /** Position of the last change that was seen, as in Last-Event-ID. */
  get position(): string | null {
    return this.last
  }

  /** Starts following from `position`, or from now on; does nothing when it already does. */
  start(position: string | null = null): void {
    if (this.stopper !== null) return
    this.last = position ?? this.last
    const stopper = new AbortController()
    this.stopper = stopper
    void this.follow(stopper.signal)
  }

  /** Ends the connection and forgets where it was. */
  stop(): void {
    this.stopper?.abort()
    this.stopper = null
    this.last = null
    this.live.value = false
  }

  private async follow(signal: AbortSignal): Promise<void> {
    let wait = FIRST_WAIT_MS
    while (!signal.aborted) {
      try {
        await this.once(signal, () => (wait = FIRST_WAIT_MS))
      } catch {
        // the link is down: the loop below waits and tries again; `live` tells the person
      }
      this.live.value = false
      if (signal.aborted) return
      await pause(Math.random() * wait, signal)
      wait = Math.min(wait * 2, LONGEST_WAIT_MS)
    }
  }

  private async once(signal: AbortSignal, opened: () => void): Promise<void> {
    const link = new AbortController()
    const cut = (): void => link.abort()
    signal.addEventListener('abort', cut)
    let watchdog = setTimeout(cut, SILENT_MS)
    try {
      const headers: Record<string, string> = this.last ? { 'Last-Event-ID': this.last } : {}
      const answer = await fetch('/v1/stream', { headers, signal: link.signal, cache: 'no-store' })
      if (answer.status === 401 || answer.status === 403) {
        this.stop()
        if (answer.status === 401) loggedOut()
        return
      }
      if (!answer.ok || answer.body === null) throw new Error(`status ${answer.status}`)
      opened()
      const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader()
      let text = ''
      for (;;) {
        const { done, value } = await reader.read()
        if (done) return
        clearTimeout(watchdog)
        watchdog = setTimeout(cut, SILENT_MS)
        text += value.replaceAll('\r\n', '\n')
        const parts = text.split('\n\n')
        text = parts.pop() ?? ''
        for (const part of parts) this.take(part)
      }
    } finally {
      clearTimeout(watchdog)
      signal.removeEventListener('abort', cut)
      link.abort()
    }
  }

  private take(part: string): void {
    this.live.value = true
    let id = ''
    let topic = ''
    let data = ''
    for (const line of part.split('\n')) {
      // A comment names where a stream without Last-Event-ID begins: a cut before the first change
      // must not lose what comes between.
      const begun = /^: after (\d+-\d+)$/.exec(line)
      if (begun?.[1] !== undefined && this.last === null) {
        this.last = begun[1]
        this.begun.value += 1
      }
      if (line.startsWith('id: ')) id = line.slice(4)
      else if (line.startsWith('event: ')) topic = line.slice(7)
      else if (line.startsWith('data: ')) data += line.slice(6)
    }
    if (id === '' || (topic !== 'event' && topic !== 'case')) return
    if (this.last !== null && !isAfter(id, this.last)) return
    this.last = id
    const change: Change = { id, topic, body: JSON.parse(data) as Record<string, unknown> }
    for (const listener of this.listeners) listener(change)
  }
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds)
    signal.addEventListener('abort', () => (clearTimeout(timer), resolve()), { once: true })
  })
}

export const stream = new LiveStream()
