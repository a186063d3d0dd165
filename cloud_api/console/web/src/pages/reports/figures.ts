// How figures of the evaluation are written.
import type { Schema } from '@/api/client'

export type Indicator = Schema<'IndicatorView'>

/** Returns a ratio as a percentage, or hours; null where nothing was measured. */
export function written(value: number | null, unit: Indicator['unit']): string | null {
  if (value === null) return null
  return unit === 'ratio' ? `${(100 * value).toFixed(1)} %` : `${value.toFixed(1)} h`
}

/** Returns seconds in the largest unit of which there is at least one. */
export function span(seconds: number | null): string {
  if (seconds === null) return '–'
  if (seconds < 90) return `${Math.round(seconds)} s`
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`
  if (seconds < 129_600) return `${(seconds / 3600).toFixed(1)} h`
  return `${(seconds / 86_400).toFixed(1)} d`
}

/** Returns the month of a moment, by the reader's clock, as the API names it. */
export function monthOf(moment: Date): string {
  return `${moment.getFullYear()}-${String(moment.getMonth() + 1).padStart(2, '0')}`
}
