import { createRouter, createWebHistory } from 'vue-router'
import { session } from '@/session/session'
import { PAGES } from './pages'

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
  const page = PAGES.find(
    (each) => each.order !== undefined && (each.roles === undefined || session.hasRole(each.roles)),
  )
  return page?.path ?? '/login'
}

router.beforeEach(async (to) => {
  await session.open()
  const page = PAGES.find((each) => each.name === to.name)
  if (page?.name === 'login' && session.me.value !== null) {
    const first = firstPage()
    return first === to.path ? true : first
  }
  if (page === undefined || page.open) return true
  if (session.me.value === null) return { name: 'login', query: { to: to.fullPath } }
  if (page.roles !== undefined && !session.hasRole(page.roles)) {
    const first = firstPage()
    return first === to.path ? true : first
  }
  return true
})
