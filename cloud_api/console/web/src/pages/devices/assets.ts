// What the list of devices is narrowed by, and how moments and numbers of a device are written.
import type { Schema } from '@/api/client'

export type Asset = Schema<'AssetView'>

export const FILTERS = ['q', 'kind', 'profile', 'district', 'grid', 'box', 'state', 'faulty'] as const
export const STATES = ['online', 'offline', 'unknown', 'planned', 'maintenance', 'retired'] as const

/** Returns how an address names a device or box: a box and a device may share an id. */
export function pickOf(asset: Asset): string {
  return `${asset.kind === 'box' ? 'box' : 'device'}:${asset.id}`
}

/** Returns a clock's offset with its sign, in milliseconds below a second. */
export function offset(seconds: number): string {
  const sign = seconds > 0 ? '+' : seconds < 0 ? '−' : ''
  const size = Math.abs(seconds)
  return size < 1 ? `${sign}${Math.round(size * 1000)} ms` : `${sign}${size.toFixed(1)} s`
}
