// Every page is a folder below src/pages with a route.ts; nothing else has to know of it.
import type { Component } from 'vue'
import type { Role } from '@/session/session'

/** Parts of the navigation, in their order: the day's work, what the city is seen with, who does what. */
export const GROUPS = ['work', 'things', 'office'] as const
export type Group = (typeof GROUPS)[number]

export interface PageRoute {
  /** Path below /console, as `/situation`. */
  readonly path: string
  /** Unique; the page's title is the word `{name}.title`, so it is the folder's name. */
  readonly name: string
  /** Loads the page when somebody goes there. */
  readonly component: () => Promise<Component | { default: Component }>
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
  /** Whether nobody needs to be logged in. */
  readonly open?: boolean
}

const found = import.meta.glob<{ default: PageRoute | readonly PageRoute[] }>(
  '../pages/*/route.ts',
  { eager: true },
)

/** All pages, those of the navigation in their order. */
export const PAGES: readonly PageRoute[] = Object.values(found)
  .flatMap((module) => module.default)
  .sort((a, b) => place(a) - place(b))

function place(page: PageRoute): number {
  return GROUPS.indexOf(page.group ?? 'work') * 1000 + (page.order ?? 999)
}
