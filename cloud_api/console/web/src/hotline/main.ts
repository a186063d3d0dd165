// The hotline's page: an entry of its own, light enough to be there before the caller has said his name.
import { createApp } from 'vue'
import HotlineApp from './HotlineApp.vue'
import './hotline.css'

createApp(HotlineApp).mount('#app')
