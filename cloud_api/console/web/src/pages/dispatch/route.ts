import type { PageRoute } from '@/router/pages'

export default {
  path: '/dispatch',
  name: 'dispatch',
  order: 20,
  icon: 'M4 6h10M4 12h10M4 18h6m6-2 3 3 4-6M18 4v5m0 0-2-2m2 2 2-2',
  roles: ['reader', 'operator', 'admin'],
  component: () => import('./DispatchPage.vue'),
} satisfies PageRoute
