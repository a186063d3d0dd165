import type { PageRoute } from '@/router/pages'

export default {
  path: '/devices',
  name: 'devices',
  group: 'things',
  order: 30,
  icon: 'M7 7h10v10H7zM10 3v4m4-4v4m-4 10v4m4-4v4M3 10h4m-4 4h4m10-4h4m-4 4h4',
  roles: ['reader', 'operator', 'admin'],
  component: () => import('./DevicesPage.vue'),
} satisfies PageRoute
