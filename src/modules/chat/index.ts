export { chatConfig } from './chat.config.js';
