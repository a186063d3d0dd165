// What the window's title counts: alarms that came while nobody looked.
import { ref } from 'vue'

export const alertCount = ref(0)
