import type { PageRoute } from '@/router/pages'

export default {
  path: '/supervision',
  name: 'supervision',
  order: 30,
  icon: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zm0 4v5l3.5 2',
  roles: ['reader', 'operator', 'admin'],
  component: () => import('./SupervisionPage.vue'),
} satisfies PageRoute
