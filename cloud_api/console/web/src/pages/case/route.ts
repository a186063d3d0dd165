import type { PageRoute } from '@/router/pages'

export default {
  path: '/cases/:ref',
  name: 'case',
  roles: ['reader', 'operator', 'admin'],
  component: () => import('./CasePage.vue'),
} satisfies PageRoute
