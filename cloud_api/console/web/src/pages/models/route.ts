import type { PageRoute } from '@/router/pages'

export default {
  path: '/models',
  name: 'models',
  group: 'things',
  order: 40,
  whole: true,
  icon: 'M12 3 4 7v10l8 4 8-4V7l-8-4zm0 9L4 7m8 5 8-5m-8 5v9',
  roles: ['reader', 'operator', 'admin'],
  component: () => import('./ModelsPage.vue'),
} satisfies PageRoute
