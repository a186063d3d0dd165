import type { PageRoute } from '@/router/pages'

export default {
  path: '/review',
  name: 'review',
  group: 'things',
  order: 50,
  whole: true,
  icon: 'M4 5h16v14H4zM8 14l3-3 2 2 3-4 4 5M8.5 8.5h.01',
  roles: ['reader', 'operator', 'admin'],
  component: () => import('./ReviewPage.vue'),
} satisfies PageRoute
