// Alarms: a count in the window's title while nobody looks, and a sound for those who want one.
import { ref } from 'vue'
import { type EventMessage, rank } from '@/api/event'
import { stream } from '@/api/stream'
import { alertCount } from '@/layout/badge'

/** Whether alarms are heard. Off until somebody turns it on: browsers want a gesture, and so do colleagues. */
export const sounding = ref(false)
/** How many sounds were played; for people who wonder, and for tests. */
export const played = ref(0)

const LOUDEST = 0.2
const BEEP_S = 0.16
const PITCH_HZ = { red: 880, yellow: 660, blue: 520 } as const
const known = new Map<string, number>()
let audio: AudioContext | null = null

/** Turns the sound on or off; turning it on plays the mildest, so that one knows that it works. */
export function toggleSound(): void {
  sounding.value = !sounding.value
  if (!sounding.value) return
  audio ??= new AudioContext()
  void audio.resume()
  play('blue')
}

function play(level: keyof typeof PITCH_HZ): void {
  if (audio === null || !sounding.value) return
  played.value += 1
  for (let beep = 0; beep < rank(level); beep += 1) {
    const at = audio.currentTime + beep * BEEP_S * 1.6
    const tone = audio.createOscillator()
    const volume = audio.createGain()
    tone.frequency.value = PITCH_HZ[level]
    volume.gain.setValueAtTime(0, at)
    volume.gain.linearRampToValueAtTime(LOUDEST, at + 0.01)
    volume.gain.linearRampToValueAtTime(0, at + BEEP_S)
    tone.connect(volume).connect(audio.destination)
    tone.start(at)
    tone.stop(at + BEEP_S)
  }
}

function seen(): void {
  alertCount.value = 0
}

/** Begins to count and sound what the stream brings; returns what ends it. */
export function startAlarms(): () => void {
  const end = stream.listen((change) => {
    if (change.topic !== 'event') return
    const event = change.body as unknown as EventMessage
    const before = known.get(event.event_id) ?? 0
    const now = event.phase === 'end' ? 0 : rank(event.level)
    known.set(event.event_id, now)
    if (now <= before) return // nothing got worse
    alertCount.value += 1
    play(event.level)
  })
  const signs = ['pointerdown', 'keydown', 'focus'] as const
  for (const sign of signs) addEventListener(sign, seen)
  return () => {
    end()
    known.clear()
    alertCount.value = 0
    for (const sign of signs) removeEventListener(sign, seen)
  }
}
