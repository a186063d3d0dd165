import type { PageRoute } from '@/router/pages'

export default {
  path: '/reports',
  name: 'reports',
  order: 60,
  icon: 'M5 20V10m7 10V4m7 16v-7M3 20h18',
  roles: ['reader', 'operator', 'admin'],
  component: () => import('./ReportsPage.vue'),
} satisfies PageRoute
