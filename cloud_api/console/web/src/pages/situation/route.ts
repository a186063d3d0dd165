import type { PageRoute } from '@/router/pages'

export default {
  path: '/situation',
  name: 'situation',
  order: 10,
  icon: 'M9 4 3 6.5v13L9 17l6 2.5 6-2.5V4l-6 2.5L9 4zm0 0v13m6-10.5v13',
  roles: ['reader', 'operator', 'admin'],
  component: () => import('./SituationPage.vue'),
} satisfies PageRoute
