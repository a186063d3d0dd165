// Every page is a folder below src/pages with a route.ts; nothing else has to know of it.
import type { Component } from 'vue'
import type { Role } from '@/session/session'

/** Parts of the navigation, in their order: the day's work, what the city is seen with, who does what. */
export const GROUPS = ['work', 'things', 'office'] as const
export type Group = (typeof GROUPS)[number]

interface Entry {
  /** Unique; the title is the word `{name}.title`, so it is the folder's name. */
  readonly name: string
  /** Who sees it in the navigation and may go there; everybody without it. */
  readonly roles?: readonly Role[]
  /** Whether it is about the whole city: nobody with a scope sees it. */
  readonly whole?: boolean
  /** Place in the navigation; absent: the page is not in it (as a single case). */
  readonly order?: number
  /** Part of the navigation; `work` without it. */
  readonly group?: Group
  /** One SVG path in a box of 24 by 24, drawn in the navigation. */
  readonly icon?: string
}

export interface PageRoute extends Entry {
  /** Path below /console, as `/situation`. */
  readonly path: string
  /** Loads the page when somebody goes there. */
  readonly component: () => Promise<Component | { default: Component }>
  /** Whether nobody needs to be logged in. */
  readonly open?: boolean
}

/** A page of its own beside the console, as the hotline's; it opens in another tab. */
export interface PageLink extends Entry {
  /** Address on this server. */
  readonly href: string
  readonly order: number
}

const found = import.meta.glob<{ default: PageRoute | PageLink | readonly (PageRoute | PageLink)[] }>(
  '../pages/*/route.ts',
  { eager: true },
)

/** All pages and links to others, those of the navigation in their order. */
export const ENTRIES: readonly (PageRoute | PageLink)[] = Object.values(found)
  .flatMap((module) => module.default)
  .sort((a, b) => place(a) - place(b))

/** All pages of the console itself. */
export const PAGES: readonly PageRoute[] = ENTRIES.filter((each) => 'component' in each)

function place(page: Entry): number {
  return GROUPS.indexOf(page.group ?? 'work') * 1000 + (page.order ?? 999)
}
