// What device profiles are called; the names are the contracts' own.
import named from '@/api/profiles.json'

const NAMES: Readonly<Record<string, string>> = { ...named, camera: '摄像机' }

/** Returns what a profile is called: in Chinese by its name, in English by its id as words. */
export function profileName(profile: string, locale: string): string {
  return locale === 'zh' ? (NAMES[profile] ?? profile) : profile.replaceAll('_', ' ')
}
