export { chatConfig } from './chat.config.js';
export { ChatModule } from './chat.module.js';
