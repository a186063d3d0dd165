import { createRouter, createWebHistory } from 'vue-router'
import { session } from '@/session/session'
import { PAGES, type PageLink, type PageRoute } from './pages'

export const router = createRouter({
  history: createWebHistory('/console/'),
  routes: [
    ...PAGES.map((page) => ({
      path: page.path,
      name: page.name,
      component: page.component,
      meta: { page },
    })),
    { path: '/', redirect: () => firstPage() },
    { path: '/:rest(.*)', redirect: () => firstPage() },
  ],
})

/** Returns where somebody goes who named no page: the first that his role may see. */
export function firstPage(): string {
  return PAGES.find((each) => each.order !== undefined && mayGo(each))?.path ?? '/login'
}

/** Returns whether the person's role and scope let him see a page. */
export function mayGo(page: PageRoute | PageLink): boolean {
  if (page.whole && session.bounded) return false
  return page.roles === undefined || session.hasRole(page.roles)
}

router.beforeEach(async (to) => {
  const page = PAGES.find((each) => each.name === to.name)
  await session.open()
  if (page?.name === 'login' && session.me.value !== null) {
    const first = firstPage()
    return first === to.path ? true : first
  }
  if (page === undefined || page.open) return true
  if (session.me.value === null) return { name: 'login', query: { to: to.fullPath } }
  if (!mayGo(page)) {
    const first = firstPage()
    return first === to.path ? true : first
  }
  return true
})
