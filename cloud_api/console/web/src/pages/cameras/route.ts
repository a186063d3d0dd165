import type { PageRoute } from '@/router/pages'

export default {
  path: '/cameras',
  name: 'cameras',
  group: 'things',
  order: 10,
  whole: true,
  icon: 'M3 7h12v10H3zM15 10l6-3v10l-6-3z',
  roles: ['reader', 'operator', 'admin'],
  component: () => import('./CamerasPage.vue'),
} satisfies PageRoute
