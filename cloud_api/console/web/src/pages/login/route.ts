import type { PageRoute } from '@/router/pages'

export default {
  path: '/login',
  name: 'login',
  component: () => import('./LoginPage.vue'),
  open: true,
} satisfies PageRoute
